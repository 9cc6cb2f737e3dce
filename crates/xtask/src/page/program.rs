//! The compiled page in parts: one that every visit loads, and one for the pages that few visits need.
//!
//! The parts are one program: they share memory and functions, so what both need is loaded once. Where it is cut is said
//! in the page's own code, by `wasm_split`.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;
use wasm_split_cli_support::Options;

use super::{Files, collect_files, compact, read};

/// How the names of the parts begin that are not loaded at once.
const LATER_PARTS: [&str; 2] = ["split_", "chunk_"];

/// How the name of the style sheet begins that is loaded with them.
pub const STYLES_FOR_LATER: &str = "settings";

/// Starts the program.
const START: &str = "import init from \"./frontend.js\";\n\
    await init({ module_or_path: new URL(\"./frontend_bg.wasm\", import.meta.url) });\n";

/// Whether a file, by its name without folder, is loaded only when the first of the later pages is opened.
pub fn is_loaded_later(name: &str) -> bool {
    LATER_PARTS.into_iter().chain([STYLES_FOR_LATER]).any(|beginning| name.starts_with(beginning))
}

/// Writes what the browser loads into the folder: `frontend.js` and `frontend_bg.wasm` at once, and the parts that
/// `parts.js` knows how to load.
pub fn split_and_bind(wasm: &Path, folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).context("cannot empty the folder of the last build")?;
    }
    let first_part = folder.join("frontend.wasm");
    let program = read(wasm)?;
    let mut options = Options::new(&program);
    options.output_dir = folder;
    options.main_out_path = &first_part;
    options.main_module = "./frontend.js";
    options.link_name = "./parts.js";
    let split = wasm_split_cli_support::transform(options)
        .map_err(|error| anyhow!("the compiled page cannot be split: {error:#}"))?;
    split.split_modules.iter().try_for_each(|part| tidy(part))?;
    Bindgen::new()
        .input_path(&first_part)
        .web(true)?
        .typescript(false)
        // The other parts use the memory and the functions of the first one.
        .keep_lld_exports(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .omit_default_module_path(true)
        .out_name("frontend")
        .generate(folder)
        .context("wasm-bindgen cannot read the compiled page")?;
    std::fs::remove_file(first_part).context("cannot remove the unbound program")
}

/// Writes a part anew without names and without the room that was left for relocating it; the first part gets the same
/// from wasm-bindgen.
fn tidy(part: &Path) -> Result<()> {
    let module = walrus::ModuleConfig::new()
        .generate_name_section(false)
        .generate_producers_section(false)
        .parse(&read(part)?)
        .with_context(|| format!("{} cannot be read", part.display()))?
        .emit_wasm();
    std::fs::write(part, module).with_context(|| format!("cannot write {}", part.display()))
}

/// Adds the program and a script that starts it. What the first view needs is asked for at once.
///
/// The parts name each other, so they lie together in a folder whose name changes with the content of any of them.
pub fn add(files: &mut Files, folder: &Path) -> Result<String> {
    let mut sources = Vec::new();
    collect_files(folder, &mut sources)?;
    let mut program = Files::new();
    for source in &sources {
        let mut content = read(source)?;
        if source.extension().is_some_and(|extension| extension == "js") {
            let script = String::from_utf8(content).context("a script is not UTF-8")?;
            content = compact(&script).into_bytes();
        }
        let name = source.strip_prefix(folder).context("a file lies in the folder that was read")?;
        program.insert(name.display().to_string(), content);
    }
    let mut hash = Sha256::new();
    for (name, content) in &program {
        hash.update(name);
        hash.update(content);
    }
    let folder = format!("program-{}", &hex::encode(hash.finalize())[..16]);
    program.insert("start.js".into(), START.into());
    files.extend(program.into_iter().map(|(name, content)| (format!("{folder}/{name}"), content)));
    Ok(format!(
        r#"<link rel="preload" href="/{folder}/frontend_bg.wasm" as="fetch" type="application/wasm" crossorigin>
    <link rel="modulepreload" href="/{folder}/frontend.js">
    <link rel="modulepreload" href="/{folder}/parts.js">
    <script type="module" src="/{folder}/start.js"></script>"#
    ))
}
