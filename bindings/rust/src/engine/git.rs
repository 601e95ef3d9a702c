//! A change as a branch and a commit of a local repository: plumbing commands with an index of their own, so that neither the
//! working tree nor the index of the user is touched. Nothing is pushed.

use super::{
    Change, EngineError,
    change::{action, safe},
};
use finops_core::{
    change::Action,
    error::{Fault, shorten},
    json::Json,
};
use std::{
    ffi::OsStr,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A commit that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The branch.
    pub branch: String,
    /// The commit, in hex.
    pub commit: String,
    /// The commit that it stands on.
    pub base: String,
    /// Whether it was written now; `false` where the branch held the same change already.
    pub created: bool,
    /// Commands that publish it; their words, for no shell.
    pub publish: Vec<Vec<String>>,
}

impl Commit {
    /// The commit in its wire form.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let commands = self.publish.iter().map(|words| Json::array(words.iter().map(String::as_str)));
        Json::object([
            ("branch", Json::from(self.branch.as_str())),
            ("commit", self.commit.as_str().into()),
            ("base", self.base.as_str().into()),
            ("created", self.created.into()),
            ("publish", Json::array(commands)),
        ])
    }
}

/// A repository, with the identity that commits get where git knows none.
struct Repository<'a> {
    root: &'a Path,
    index: PathBuf,
    date: String,
}

fn refused(command: &str, problem: impl Into<String>) -> EngineError {
    EngineError::Git { command: command.to_owned(), problem: problem.into() }
}

/// Variables by which a caller's own git session would lead ours elsewhere.
const FOREIGN: [&str; 8] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
];

impl Repository<'_> {
    fn command(&self, arguments: &[&OsStr]) -> Command {
        let mut command = Command::new("git");
        for name in FOREIGN {
            command.env_remove(name);
        }
        command
            .arg("-C")
            .arg(self.root)
            .args([
                "-c",
                "core.hooksPath=/dev/null",
                "-c",
                "core.fsmonitor=false",
                "-c",
                "commit.gpgSign=false",
            ])
            .args(arguments)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs git with these words and this input; its output as bytes.
    fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, EngineError> {
        let name = arguments.first().copied().unwrap_or_default();
        let words: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        let mut command = self.command(&words);
        if ["read-tree", "update-index", "write-tree"].contains(&name) {
            command.env("GIT_INDEX_FILE", &self.index);
        }
        if name == "commit-tree" {
            for who in ["AUTHOR", "COMMITTER"] {
                command.env(format!("GIT_{who}_DATE"), &self.date);
                // Where the user has told git a name, it stays.
                if !self.knows("user.email") {
                    command.env(format!("GIT_{who}_NAME"), "finops");
                    command.env(format!("GIT_{who}_EMAIL"), "finops@localhost");
                }
            }
        }
        let mut child =
            command.spawn().map_err(|error| refused(name, format!("it cannot be started: {error}")))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that does not read its input closes it.
            let _ = stdin.write_all(input);
        }
        let output = child.wait_with_output().map_err(|error| refused(name, error.to_string()))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(refused(name, shorten(said.trim())))
    }

    fn text(&self, arguments: &[&str], input: &[u8]) -> Result<String, EngineError> {
        let out = self.run(arguments, input)?;
        Ok(String::from_utf8_lossy(&out).trim_end_matches(['\n', '\r']).to_owned())
    }

    fn knows(&self, name: &str) -> bool {
        let words = [OsStr::new("config"), OsStr::new("--get"), OsStr::new(name)];
        let mut command = self.command(&words);
        command.stdin(Stdio::null()).output().is_ok_and(|output| output.status.success())
    }
}

/// Takes the index away, whatever happens.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // A file that is gone already is what is wanted.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Change {
    /// Writes the change as a branch with one commit on `base` (`HEAD` where empty) into the repository that holds `folder`;
    /// paths of the change are below `folder`. The working tree and the index stay as they are.
    ///
    /// # Errors
    /// `change.source_changed` where a file of the working tree or of `base` is not the one that the change was made on,
    /// `change.not_found` for a change that was refused, `change.invalid_name`, `engine.git`.
    pub fn commit(&self, folder: &Path, base: &str) -> Result<Commit, EngineError> {
        commit(&self.to_json(), folder, base)
    }
}

fn dirty(path: &str, problem: &'static str) -> EngineError {
    Fault::new("change.source_changed", path, problem, "commit or undo your edits and propose again").into()
}

fn digest(bytes: &[u8]) -> String {
    // The digest of a change is that of the file on which it was made.
    finops_core::change::digest(bytes)
}

/// Writes a change in its wire form; see [`Change::commit`].
///
/// # Errors
/// As [`Change::commit`].
pub fn commit(change: &Json, folder: &Path, base: &str) -> Result<Commit, EngineError> {
    let text = |name: &str| change.get(name).and_then(Json::as_str).unwrap_or_default();
    let files = change.get("changes").and_then(Json::as_array).unwrap_or_default();
    let branch = text("branch_name");
    if files.is_empty() || branch.is_empty() {
        let help = "propose it again with the sources that hold it";
        return Err(Fault::new("change.not_found", "changes", "the change has no files", help).into());
    }
    let base = if base.is_empty() { "HEAD" } else { base };
    if base.starts_with('-') {
        return Err(refused("rev-parse", format!("`{}` is no commit", shorten(base))));
    }
    let bare = Repository { root: folder, index: PathBuf::new(), date: String::new() };
    let git_dir = bare.text(&["rev-parse", "--absolute-git-dir"], &[])?;
    let prefix = bare.text(&["rev-parse", "--show-prefix"], &[])?;
    let index =
        Path::new(&git_dir).join(format!("finops-index-{}-{}", std::process::id(), uuid::Uuid::now_v7()));
    let scratch = Scratch(index.clone());
    // RFC 3339 without fractions, which git reads.
    let date = text("requested_at").split('.').next().unwrap_or_default().to_owned();
    let date = if date.is_empty() {
        "1970-01-01T00:00:00Z".to_owned()
    } else {
        format!("{}Z", date.trim_end_matches('Z'))
    };
    let repository = Repository { root: folder, index, date };
    repository.text(&["check-ref-format", "--branch", branch], &[])?;
    let base = repository
        .text(&["rev-parse", "--verify", "--end-of-options", &format!("{base}^{{commit}}")], &[])?;
    repository.run(&["read-tree", &base], &[])?;
    for file in files {
        write_file(&repository, folder, &prefix, &base, file)?;
    }
    let tree = repository.text(&["write-tree"], &[])?;
    let name = format!("refs/heads/{branch}");
    let publish = publish(change, branch);
    if let Ok(tip) =
        repository.text(&["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")], &[])
    {
        let same = repository.text(&["rev-parse", &format!("{tip}^{{tree}}")], &[])? == tree;
        if same {
            return Ok(Commit { branch: branch.to_owned(), commit: tip, base, created: false, publish });
        }
        return Err(refused(
            "update-ref",
            format!("the branch `{branch}` exists with other files; delete it first"),
        ));
    }
    let commit = repository
        .text(&["commit-tree", &tree, "-p", &base, "-F", "-"], text("commit_message").as_bytes())?;
    // The zero id: the branch must not exist by now either.
    let zero = "0".repeat(commit.len());
    repository.run(&["update-ref", "-m", "finops: proposed change", &name, &commit, &zero], &[])?;
    drop(scratch);
    Ok(Commit { branch: branch.to_owned(), commit, base, created: true, publish })
}

fn write_file(
    repository: &Repository<'_>,
    folder: &Path,
    prefix: &str,
    base: &str,
    file: &Json,
) -> Result<(), EngineError> {
    let text = |name: &str| file.get(name).and_then(Json::as_str);
    let path = text("path").unwrap_or_default();
    let below = safe(path)?;
    let whole = format!("{prefix}{path}");
    let on_disk = folder.join(below);
    // The file itself must be there: a link would lead elsewhere.
    let now = match std::fs::symlink_metadata(&on_disk) {
        Ok(about) if about.is_file() => std::fs::read(&on_disk).ok(),
        Ok(_) => return Err(dirty(path, "it is no plain file")),
        Err(_) => None,
    };
    let object = format!("{base}:{whole}");
    let held = match repository.run(&["cat-file", "blob", &object], &[]) {
        Ok(bytes) => Some(bytes),
        Err(EngineError::Git { .. }) => None,
        Err(error) => return Err(error),
    };
    let wanted = text("old_digest");
    if now.as_deref().map(digest).as_deref() != wanted {
        return Err(dirty(path, "the file is not the one that the change was made on"));
    }
    if held.as_deref().map(digest).as_deref() != wanted {
        return Err(dirty(path, "the file has edits that are not committed"));
    }
    let mode = match repository.text(&["ls-tree", base, "--", &format!(":(top,literal){whole}")], &[]) {
        Ok(line) if line.starts_with("100755") => "100755",
        _ => "100644",
    };
    match (action(file), text("content")) {
        (Some(Action::Delete), _) => {
            repository
                .run(&["update-index", "--force-remove", "-z", "--stdin"], format!("{whole}\0").as_bytes())?;
        }
        (Some(_), Some(content)) => {
            let blob = repository.text(&["hash-object", "-w", "--stdin"], content.as_bytes())?;
            let line = format!("{mode} {blob}\t{whole}\0");
            repository.run(&["update-index", "--add", "-z", "--index-info"], line.as_bytes())?;
        }
        _ => return Err(refused("update-index", format!("`{}` has no content", shorten(path)))),
    }
    Ok(())
}

/// How to push the branch and open the pull request by hand.
fn publish(change: &Json, branch: &str) -> Vec<Vec<String>> {
    let text = |name: &str| change.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let mut open = words(&["gh", "pr", "create", "--head", branch, "--title"]);
    open.push(text("title"));
    open.push("--body".to_owned());
    open.push(text("description"));
    for label in change.get("labels").and_then(Json::as_array).unwrap_or_default() {
        open.push("--label".to_owned());
        open.push(label.as_str().unwrap_or_default().to_owned());
    }
    vec![words(&["git", "push", "origin", branch]), open]
}
