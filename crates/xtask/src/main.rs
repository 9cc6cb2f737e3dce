#![doc = include_str!("../README.md")]

mod api_tools;
mod checks;
mod fuzz;
mod page;
mod prerequisites;
mod programs;
mod steps;
mod supply_chain;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::workspace::Workspace;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "The commands of this repository.", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs orderbridge beside simulators of TikTok Shop and PrestaShop and lets orders trickle in.
    #[command(disable_help_flag = true)]
    Demo(PassedOn),
    /// Checks and tests everything, and installs what that needs.
    Test {
        /// Only format, lints and the tests of the single crates: no page, no black-box tests, nothing installed.
        #[arg(long)]
        quick: bool,
    },
    /// Installs the programs that the tests need; `test` does so, too.
    Tools,
    /// Builds the page for the browser into `dist/`.
    Page,
    /// Runs the journeys through the page in a real browser.
    #[command(disable_help_flag = true)]
    E2e(PassedOn),
    /// Measures the speed of orderbridge against the bare database and a bare HTTP server.
    #[command(disable_help_flag = true)]
    Bench(PassedOn),
    /// Breaks things while orders come in, and proves that nothing is lost, twice or silently different.
    #[command(disable_help_flag = true)]
    Faults(PassedOn),
    /// Searches for bytes from outside that break what reads them.
    Fuzz {
        /// Only this target; each in turn unless given.
        #[arg(long)]
        target: Option<String>,
        /// How long each is searched.
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Runs client and import against a live PrestaShop.
    #[command(disable_help_flag = true)]
    Conformance(PassedOn),
    /// Replays recorded answers of real shops against the simulators.
    #[command(disable_help_flag = true)]
    Replay(PassedOn),
    /// Writes the API description `openapi/orderbridge.json` anew.
    Openapi,
    /// Writes the list of all crates in the program, as CycloneDX, into the target folder.
    Sbom,
}

/// Arguments that the program behind the command understands; ask it with `--help`.
#[derive(Debug, Args)]
struct PassedOn {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl PassedOn {
    fn ask_for_help(&self) -> bool {
        self.arguments.iter().any(|argument| argument == "--help" || argument == "-h")
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match Workspace::find().and_then(|workspace| carry_out(arguments.command, &workspace)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(command: Command, workspace: &Workspace) -> Result<()> {
    match command {
        Command::Demo(passed) => {
            if !passed.ask_for_help() {
                page::build(workspace)?;
            }
            programs::build_and_become(workspace, "demo", passed.arguments)
        }
        Command::Test { quick: true } => checks::quick(workspace),
        Command::Test { quick: false } => checks::all(workspace),
        Command::Tools => prerequisites::test_tools().and_then(|()| api_tools::install(workspace)),
        Command::Page => page::build(workspace),
        Command::E2e(passed) => {
            page::build(workspace)?;
            checks::journeys(workspace, passed.arguments)
        }
        Command::Bench(passed) => programs::build_and_become(workspace, "bench", passed.arguments),
        Command::Faults(passed) => programs::build_and_become(workspace, "faults", passed.arguments),
        Command::Fuzz { target, seconds } => fuzz::search(workspace, target.as_deref(), seconds),
        Command::Conformance(passed) => {
            programs::build_and_become(workspace, "conformance", passed.arguments)
        }
        Command::Replay(passed) => {
            let arguments = std::iter::once("replay".into()).chain(passed.arguments);
            programs::build_and_become(workspace, "sandbox", arguments)
        }
        Command::Openapi => programs::write_openapi(workspace),
        Command::Sbom => supply_chain::sbom::write(workspace),
    }
}

#[cfg(test)]
mod argument_tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn unknown_options_are_passed_on() {
        let arguments = ["xtask", "demo", "--orders", "5", "--exit", "--help"];

        let Command::Demo(passed) = Arguments::try_parse_from(arguments).unwrap().command else {
            panic!("not the demo");
        };

        assert_eq!(passed.arguments, ["--orders", "5", "--exit", "--help"]);
        assert!(passed.ask_for_help());
    }
}
