//! The command line, run as a shell runs it.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

/// Exit status, standard output, standard error.
pub fn run(arguments: &[&str], input: &str) -> (i32, String, String) {
    run_in(arguments, input, &[])
}

/// The same with variables of the environment, which has nothing else of finops.
pub fn run_in(arguments: &[&str], input: &str, variables: &[(&str, &str)]) -> (i32, String, String) {
    let ours = [
        "SAVE_HMAC_SECRET",
        "SAVE_HMAC_SECRET_FILE",
        "SAVE_HMAC_SECRET_PREVIOUS",
        "SAVE_ED25519_SEED_FILE",
        "DATABASE_URL",
        "FINOPS_ORIGIN",
    ];
    let mut command = Command::new(env!("CARGO_BIN_EXE_finops"));
    ours.iter().for_each(|name| {
        command.env_remove(name);
    });
    let mut child = command
        .args(arguments)
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    // A command that reads no input closes it early: that is no failure of the test.
    drop(child.stdin.take().expect("piped").write_all(input.as_bytes()));
    let Output { status, stdout, stderr } = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}
