//! Runs programs one after the other, says which and how long each took, and ends them when this process ends.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// Says what is being done, does it, and says how long it took.
pub fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    eprintln!("==> {what}");
    let result = work();
    let end = if result.is_ok() { "done" } else { "FAILED" };
    eprintln!("    {end} after {}", shown(start.elapsed()));
    result
}

/// Runs a program to its end; an error if it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    ensure!(status.success(), "`{}` ended with {status}", line_of(command));
    Ok(())
}

/// Runs a program to its end in a process group of its own, which ends when this process does.
pub fn status(command: &mut Command) -> Result<ExitStatus> {
    command.process_group(0).stdin(Stdio::null());
    let mut child = command.spawn().with_context(|| format!("cannot start `{}`", line_of(command)))?;
    let mut guard = Guard::of(&child)?;
    let status = child.wait().with_context(|| format!("cannot wait for `{}`", line_of(command)));
    guard.dismiss();
    status
}

/// As somebody would type it.
pub fn line_of(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let words: Vec<_> = std::iter::once(name).chain(command.get_args()).map(OsStr::to_string_lossy).collect();
    words.join(" ")
}

/// Seconds, and minutes from one on.
pub fn shown(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

/// A shell that ends the child's whole process group when its input closes before it was dismissed, that is when this
/// process is killed or interrupted, in whatever way.
struct Guard(Child);

impl Guard {
    fn of(child: &Child) -> Result<Self> {
        let shell = Command::new("/bin/sh")
            .args(["-c", r#"read -r _ || kill -TERM -- "-$0""#, &child.id().to_string()])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        shell.map(Self).context("cannot start /bin/sh")
    }

    fn dismiss(&mut self) {
        if let Some(mut input) = self.0.stdin.take() {
            // A guard that is gone already needs no dismissal.
            let _ = input.write_all(b"dismissed\n");
        }
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_shown_for_people() {
        assert_eq!(shown(Duration::from_millis(1_240)), "1.2 s");
        assert_eq!(shown(Duration::from_secs(65)), "1 min 05 s");
    }

    #[test]
    fn a_failing_program_is_named() {
        let error = run(Command::new("/bin/sh").args(["-c", "exit 3"])).unwrap_err();

        assert_eq!(error.to_string(), "`sh -c exit 3` ended with exit status: 3");
    }
}
