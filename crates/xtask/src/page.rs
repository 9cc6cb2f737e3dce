//! Builds the page for the browser into `dist/`: WebAssembly and its JavaScript in a folder named after their content,
//! styles and icon with their content in their names, and `index.html`; each compressed beside the plain file.
//!
//! `frontend/index.html` is written for Trunk, which serves it while developing. This is the build that is shipped: it
//! needs no program beside cargo, and no script stands in the page itself, so that a strict content security policy
//! lets it run.

mod compression;
mod document;
mod program;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use crate::prerequisites;
use crate::steps::{run, step};
use crate::workspace::Workspace;
use document::{Link, rewrite_links};

/// What the first view may cost over the wire, brotli-compressed: WebAssembly, JavaScript and styles.
const FIRST_VIEW_BUDGET_BYTES: u64 = 300_000;

/// Says what `dist/` was made from.
const INPUTS_FILE: &str = ".inputs";

/// The files of the page by their path in `dist/`.
type Files = BTreeMap<String, Vec<u8>>;

/// Builds the page, or finds that nothing has changed since it was built.
pub fn build(workspace: &Workspace) -> Result<()> {
    prerequisites::wasm_target()?;
    let cargo =
        ["rustc", "-p", "frontend", "--target", "wasm32-unknown-unknown", "--profile", "wasm-release"];
    let mut compile = workspace.cargo(cargo);
    compile.args(["--features", "in-parts", "--config", &without_paths(workspace)]);
    // What calls what is known to the linker, and tells which code only the later pages need.
    compile.args(["--", "-C", "link-arg=--emit-relocs"]);
    step("compiling the page", || run(&mut compile))?;

    let wasm = workspace.target.join("wasm32-unknown-unknown/wasm-release/frontend.wasm");
    let frontend = workspace.root.join("frontend");
    let dist = workspace.root.join("dist");
    let inputs = fingerprint(&wasm, &frontend)?;
    if std::fs::read_to_string(dist.join(INPUTS_FILE)).is_ok_and(|current| current == inputs) {
        eprintln!("    dist/ is up to date");
        return Ok(());
    }
    step("putting the page together", || {
        let program = workspace.target.join("page");
        program::split_and_bind(&wasm, &program)?;
        write(&dist, assemble(&frontend, &program)?)?;
        std::fs::write(dist.join(INPUTS_FILE), inputs).context("cannot write to dist/")
    })
}

/// Messages of panics name files; which folders of this machine they lie in is nobody's business.
fn without_paths(workspace: &Workspace) -> String {
    let home = std::env::home_dir().unwrap_or_default();
    let cargo_home = std::env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), Into::into);
    let flags = [(cargo_home, "cargo"), (workspace.root.clone(), "orderbridge")]
        .map(|(folder, name)| toml_string(&format!("--remap-path-prefix={}={name}", folder.display())));
    format!("target.wasm32-unknown-unknown.rustflags=[{}]", flags.join(","))
}

/// A literal string, for paths with backslashes.
fn toml_string(text: &str) -> String {
    format!("'{text}'")
}

/// Compares what the first view costs with the budget, and says what the later pages add; for a page that has been
/// built. The pages of orders are in the first view.
pub fn check_size(workspace: &Workspace) -> Result<()> {
    let mut files = Vec::new();
    collect_files(&workspace.root.join("dist"), &mut files)?;
    let (mut first_view, mut later) = (0, 0);
    for file in files {
        let name = file_name(&file)?;
        if [".wasm.br", ".js.br", ".css.br"].into_iter().any(|ending| name.ends_with(ending)) {
            let size = file.metadata()?.len();
            if program::is_loaded_later(&name) { later += size } else { first_view += size }
        }
    }
    eprintln!(
        "    {first_view} bytes over the wire for the first view, of at most {FIRST_VIEW_BUDGET_BYTES}; \
         {later} more when settings are first opened"
    );
    ensure!(later > 0, "the program was not split: all of it is in the first view");
    ensure!(
        first_view <= FIRST_VIEW_BUDGET_BYTES,
        "the first view costs {first_view} bytes over the wire; the budget is {FIRST_VIEW_BUDGET_BYTES}"
    );
    Ok(())
}

/// Changes when anything that the page is made from does: the compiled code, what lies in `frontend/`, this program.
fn fingerprint(wasm: &Path, frontend: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    let mut files = vec![wasm.to_path_buf()];
    collect_files(frontend, &mut files)?;
    for file in files {
        hash.update(file.as_os_str().as_encoded_bytes());
        hash.update(read(&file)?);
    }
    let program = std::env::current_exe().and_then(|program| program.metadata()?.modified())?;
    hash.update(program.duration_since(UNIX_EPOCH)?.as_nanos().to_le_bytes());
    Ok(hex::encode(hash.finalize()))
}

fn assemble(frontend: &Path, program: &Path) -> Result<Files> {
    let mut files = Files::new();
    let document =
        String::from_utf8(read(&frontend.join("index.html"))?).context("index.html is not UTF-8")?;

    let mut first_styles = Vec::new();
    let mut later_styles = Vec::new();
    rewrite_links(&document, |link| {
        if link.rel()? == "css" {
            let styles = if is_for_later(link) { &mut later_styles } else { &mut first_styles };
            styles.extend(read(&frontend.join(link.href()?))?);
            styles.push(b'\n');
        }
        Ok(String::new())
    })?;
    let first_styles = add_styles(&mut files, "styles", first_styles)?;
    let later_styles = add_styles(&mut files, program::STYLES_FOR_LATER, later_styles)?;

    let mut styles_are_linked = false;
    let document = rewrite_links(&document, |link| match link.rel()? {
        "css" if styles_are_linked => Ok(String::new()),
        "css" => {
            styles_are_linked = true;
            // The page itself asks for the later ones, when it does for the program that they belong to.
            Ok(format!(
                r#"<link rel="stylesheet" href="/{first_styles}">
    <meta name="settings-styles" content="/{later_styles}">"#
            ))
        }
        "rust" => program::add(&mut files, program),
        "icon" => add_icon(&mut files, frontend, link),
        "copy-file" => {
            let source = frontend.join(link.href()?);
            files.insert(file_name(&source)?, read(&source)?);
            Ok(String::new())
        }
        "copy-dir" => {
            let folder = frontend.join(link.href()?);
            add_folder(&mut files, &folder, &file_name(&folder)?)?;
            Ok(String::new())
        }
        other => bail!("index.html asks for rel=\"{other}\", which this build does not know"),
    })?;
    files.insert("index.html".into(), document.into_bytes());
    Ok(files)
}

/// Whether only the later pages need the styles.
fn is_for_later(link: &Link) -> bool {
    link.attributes().any(|(name, _)| name == "data-later")
}

fn add_styles(files: &mut Files, stem: &str, styles: Vec<u8>) -> Result<String> {
    let styles = String::from_utf8(styles).context("the styles are not UTF-8")?;
    Ok(add_hashed(files, stem, "css", compact(&styles).into_bytes()))
}

/// Styles or a script without what only people read: comments that begin a line, indentation, empty lines.
fn compact(text: &str) -> String {
    let mut compact = String::with_capacity(text.len());
    let mut in_comment = false;
    for line in text.lines() {
        let mut rest = line.trim();
        if !in_comment && rest.starts_with("/*") {
            in_comment = true;
            rest = &rest[2..];
        }
        if in_comment {
            let Some((_, after)) = rest.split_once("*/") else { continue };
            in_comment = false;
            rest = after.trim();
        }
        if !rest.is_empty() {
            compact.push_str(rest);
            compact.push('\n');
        }
    }
    compact
}

fn add_icon(files: &mut Files, frontend: &Path, link: &Link) -> Result<String> {
    let source = frontend.join(link.href()?);
    let (stem, extension) = (source.file_stem(), source.extension());
    let (Some(stem), Some(extension)) = (stem.and_then(|s| s.to_str()), extension.and_then(|e| e.to_str()))
    else {
        bail!("index.html names an icon without name or extension: {}", link.href()?);
    };
    let name = add_hashed(files, stem, extension, read(&source)?);
    let others: String = link
        .attributes()
        .filter(|(name, _)| !matches!(*name, "data-trunk" | "rel" | "href"))
        .map(|(name, value)| format!(r#" {name}="{value}""#))
        .collect();
    Ok(format!(r#"<link rel="icon" href="/{name}"{others}>"#))
}

fn add_folder(files: &mut Files, folder: &Path, name: &str) -> Result<()> {
    let mut sources = Vec::new();
    collect_files(folder, &mut sources)?;
    for source in sources {
        let path = source.strip_prefix(folder).context("a file lies in the folder that was read")?;
        files.insert(format!("{name}/{}", path.display()), read(&source)?);
    }
    Ok(())
}

/// A name that changes with the content, so that browsers may keep the file for ever.
fn add_hashed(files: &mut Files, stem: &str, extension: &str, content: Vec<u8>) -> String {
    let hash = hex::encode(Sha256::digest(&content));
    let name = format!("{stem}-{}.{extension}", &hash[..16]);
    files.insert(name.clone(), content);
    name
}

/// Writes the files with their compressed siblings and removes what is left of earlier builds. `index.html` changes
/// last, so that a running server never hands out a page whose parts are missing.
fn write(dist: &Path, mut files: Files) -> Result<()> {
    std::fs::create_dir_all(dist).context("cannot make dist/")?;
    let document = files.remove_entry("index.html");
    let mut kept = Vec::new();
    for (name, content) in files.into_iter().chain(document) {
        let path = dist.join(&name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder of {name}"))?;
        }
        let siblings = if compression::is_worth_it(&name) {
            vec![("br", compression::brotli(&content)?), ("gz", compression::gzip(&content)?)]
        } else {
            Vec::new()
        };
        for (extension, compressed) in siblings {
            let sibling = dist.join(format!("{name}.{extension}"));
            std::fs::write(&sibling, compressed)
                .with_context(|| format!("cannot write {name}.{extension}"))?;
            kept.push(sibling);
        }
        std::fs::write(&path, content).with_context(|| format!("cannot write {name}"))?;
        kept.push(path);
    }
    let mut there = Vec::new();
    collect_files(dist, &mut there)?;
    for stale in there.iter().filter(|file| !kept.contains(file)) {
        std::fs::remove_file(stale).context("cannot remove what an earlier build left in dist/")?;
        // Succeeds for the last file of a folder; the others keep it.
        if let Some(folder) = stale.parent().filter(|folder| *folder != dist) {
            let _ = std::fs::remove_dir(folder);
        }
    }
    Ok(())
}

/// Every file below the folder, in a fixed order.
fn collect_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect_files(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

fn file_name(path: &Path) -> Result<String> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned).with_context(|| format!("{} has no name", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_no_inline_script_and_one_style_sheet_at_first() {
        let folder = tempfile::tempdir().unwrap();
        let sources = [
            ("program/frontend_bg.wasm", "wasm"),
            ("program/frontend.js", "glue"),
            ("program/parts.js", "loads split_settings.wasm"),
            ("program/split_settings.wasm", "more wasm"),
            ("a.css", "a {}"),
            ("b.css", "b {}"),
            ("c.css", "c {}"),
            ("favicon.svg", "<svg/>"),
            (
                "index.html",
                r#"<head><link data-trunk rel="icon" href="favicon.svg" type="image/svg+xml">
                <link data-trunk rel="css" href="a.css"><link data-trunk rel="css" href="b.css">
                <link data-trunk rel="css" href="c.css" data-later>
                <link data-trunk rel="rust" href="Cargo.toml" data-bin="frontend"></head><body></body>"#,
            ),
        ];
        std::fs::create_dir(folder.path().join("program")).unwrap();
        for (name, content) in sources {
            std::fs::write(folder.path().join(name), content).unwrap();
        }

        let files = assemble(folder.path(), &folder.path().join("program")).unwrap();

        let document = std::str::from_utf8(&files["index.html"]).unwrap();
        assert!(!document.contains("data-trunk"), "{document}");
        assert!(!document.contains("<script>"), "{document}");
        assert_eq!(document.matches("rel=\"stylesheet\"").count(), 1, "{document}");
        assert!(document.contains("type=\"image/svg+xml\""), "{document}");
        for name in files.keys().filter(|name| *name != "index.html") {
            // The parts of the program name each other without their folder.
            let own_name = name.rsplit('/').next().unwrap();
            let used = document.contains(name)
                || files.values().any(|content| String::from_utf8_lossy(content).contains(own_name));
            assert!(used, "{name} is not used");
        }
    }

    #[test]
    fn what_only_people_read_is_left_out() {
        let styles = "/* Pairs:\n   light, dark. */\n\n:root {\n  --line: #eee; /* kept */\n}\n/* a */ p { margin: 0 }\n";

        assert_eq!(compact(styles), ":root {\n--line: #eee; /* kept */\n}\np { margin: 0 }\n");
    }

    #[test]
    fn a_new_build_removes_the_old_files() {
        let folder = tempfile::tempdir().unwrap();
        let page = |name: &str| {
            Files::from([(name.to_owned(), b"x".to_vec()), ("index.html".into(), b"y".to_vec())])
        };

        write(folder.path(), page("program-old/a.js")).unwrap();
        write(folder.path(), page("program-new/a.js")).unwrap();

        assert!(!folder.path().join("program-old").exists());

        let mut files = Vec::new();
        collect_files(folder.path(), &mut files).unwrap();
        let names: Vec<_> = files.iter().map(|file| file_name(file).unwrap()).collect();
        assert_eq!(names, ["index.html", "index.html.br", "index.html.gz", "a.js", "a.js.br", "a.js.gz"]);
    }
}
