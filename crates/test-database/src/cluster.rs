//! One PostgreSQL server per test process.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use url::Url;

/// Another process may take the free port before the server does.
const START_TRIES: u32 = 5;

/// A server on which databases may be created.
#[derive(Debug)]
pub(crate) struct Server {
    url: Url,
    own: Option<OwnServer>,
}

/// A server that this process has started.
#[derive(Debug)]
struct OwnServer {
    /// Ends the server when its input closes, that is when this process ends in whatever way.
    _lifeline: Child,
    programs: PathBuf,
    folder: PathBuf,
    user: Option<(u32, u32)>,
}

impl Server {
    pub(crate) fn url_of(&self, database: &str) -> String {
        let mut url = self.url.clone();
        url.set_path(database);
        url.into()
    }

    pub(crate) fn ends_with_this_process(&self) -> bool {
        self.own.is_some()
    }

    /// Stops the server of this process and starts it again; `false` when it is not ours to stop.
    ///
    /// `mode` is `fast`, which ends all sessions, or `immediate`, which is a crash.
    pub(crate) fn restart(&self, mode: &str) -> bool {
        let Some(own) = &self.own else { return false };
        let mut pg_ctl = command(&own.programs.join("pg_ctl"), &own.folder, own.user);
        pg_ctl.args(["-D", "data", "-w", "-l", "log", "-m", mode, "restart"]);
        run(pg_ctl).unwrap_or_else(|error| panic!("the PostgreSQL server does not start again: {error}"));
        true
    }
}

/// The server of this process, started on the first call; `None` where PostgreSQL is not installed.
pub(crate) fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(find_or_start).as_ref()
}

fn find_or_start() -> Option<Server> {
    if let Ok(url) = std::env::var("TEST_POSTGRES_URL") {
        let url =
            Url::parse(&url).expect("TEST_POSTGRES_URL is a URL such as postgres://user@host:5432/postgres");
        return Some(Server { url, own: None });
    }
    let Some(programs) = find_programs() else {
        assert!(
            std::env::var_os("CI").is_none(),
            "PostgreSQL is missing, and with CI set the tests must not pass without it: install the package \
             postgresql, or set PG_BIN or TEST_POSTGRES_URL"
        );
        eprintln!("test-database: PostgreSQL is not installed; testing with SQLite alone");
        return None;
    };
    Some(start(&programs))
}

/// The folder that holds `initdb` and `pg_ctl`.
fn find_programs() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("PG_BIN") {
        let folder = PathBuf::from(folder);
        assert!(folder.join("initdb").is_file(), "PG_BIN is set, but there is no initdb in it");
        return Some(folder);
    }
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let of_debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = of_debian
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    std::env::split_paths(&on_path)
        .chain(versions.into_iter().map(|(_, folder)| folder))
        .find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
}

fn start(programs: &Path) -> Server {
    let folder = tempfile::Builder::new()
        .prefix("orderbridge-postgres-")
        .tempdir()
        .expect("a temporary folder")
        .keep();
    let user = user_to_run_as(&folder);
    if let Some((user_id, group_id)) = user {
        chown(&folder, Some(user_id), Some(group_id)).expect("root may give the folder away");
    }
    // Set up before the server, so that nothing is left behind if this process is killed in between.
    let lifeline = clean_up_after_this_process(programs, &folder, user);

    let mut initdb = command(&programs.join("initdb"), &folder, user);
    initdb.args([
        "-U",
        "postgres",
        "-A",
        "trust",
        "--no-sync",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "-D",
        "data",
    ]);
    run(initdb).unwrap_or_else(|error| panic!("initdb failed: {error}"));

    let mut last_error = String::new();
    for _ in 0..START_TRIES {
        let port = free_port();
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200 \
             -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        );
        let mut pg_ctl = command(&programs.join("pg_ctl"), &folder, user);
        pg_ctl.args(["-D", "data", "-w", "-l", "log", "-o", &options, "start"]);
        match run(pg_ctl) {
            Ok(()) => {
                let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
                let url = Url::parse(&url).expect("it is written as a URL");
                let programs = programs.to_owned();
                let own = OwnServer { _lifeline: lifeline, programs, folder, user };
                return Server { url, own: Some(own) };
            }
            Err(error) => last_error = error,
        }
    }
    let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
    panic!("the PostgreSQL server does not start: {last_error}\n{log}");
}

/// PostgreSQL refuses to run as root: the user and group to run as instead.
fn user_to_run_as(own_folder: &Path) -> Option<(u32, u32)> {
    let we_are_root = own_folder.metadata().is_ok_and(|metadata| metadata.uid() == 0);
    if !we_are_root {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").expect("root may read the list of users");
    let ids_of = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    Some(ids_of("postgres").or_else(|| ids_of("nobody")).expect("there is a user postgres or nobody"))
}

/// Starts a shell that waits for the end of its input, that is of this process, then stops the server and removes the
/// folder.
fn clean_up_after_this_process(programs: &Path, folder: &Path, user: Option<(u32, u32)>) -> Child {
    const SCRIPT: &str = r#"read -r _; "$0" -D "$1/data" -m immediate -w stop; rm -rf "$1""#;
    let mut shell = command(Path::new("/bin/sh"), folder, user);
    shell.arg("-c").arg(SCRIPT).arg(programs.join("pg_ctl")).arg(folder);
    // Out of the group that an interrupt on the terminal ends.
    shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.spawn().expect("there is a shell")
}

fn command(program: &Path, folder: &Path, user: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    if let Some((user_id, group_id)) = user {
        command.uid(user_id).gid(group_id);
    }
    command
}

/// Runs it to its end; the error is what it wrote.
fn run(mut command: Command) -> Result<(), String> {
    // Not a pipe: the server would keep it open, and waiting for its end would take for ever.
    let written = tempfile::tempfile().map_err(|error| error.to_string())?;
    let for_errors = written.try_clone().map_err(|error| error.to_string())?;
    let status = command
        .stdout(Stdio::null())
        .stderr(for_errors)
        .status()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if status.success() {
        return Ok(());
    }
    let mut written = written;
    let mut text = String::new();
    std::io::Seek::rewind(&mut written).map_err(|error| error.to_string())?;
    std::io::Read::read_to_string(&mut written, &mut text).map_err(|error| error.to_string())?;
    Err(format!("{status}: {text}"))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}
