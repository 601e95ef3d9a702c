//! The ledger's commands as a shell sees them, on SQLite and on a file.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::{fs, path::PathBuf, process::Command};
use support::{run, run_in};

const SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0";
const NEXT: &str = "the-next-secret-of-more-than-32-characters";
const ORIGIN: &str = "acme.example/finops/test";

/// A folder of one test, a store in it, and the variables that name it.
struct Shell {
    folder: PathBuf,
    db: String,
    secret: &'static str,
    previous: &'static str,
}

impl Shell {
    fn new(name: &str, address: impl Fn(&str) -> String) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("ledger-{name}"));
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).unwrap();
        let shell = Self { db: address(folder.to_str().unwrap()), folder, secret: SECRET, previous: "" };
        shell.write("seed", &"7".repeat(64));
        shell.write("secret", &format!("{SECRET}\n"));
        shell.write("next", &format!("{NEXT}\n"));
        shell
    }

    fn sqlite(name: &str) -> Self {
        Self::new(name, |folder| format!("{folder}/ledger.db"))
    }

    fn file(name: &str) -> Self {
        Self::new(name, |folder| format!("file://{folder}/ledger.log"))
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).unwrap();
    }

    /// Exit status, standard output, standard error. No output ever holds a secret.
    fn run(&self, arguments: &[&str], input: &str) -> (i32, String, String) {
        let seed = self.path("seed");
        let variables = [
            ("SAVE_HMAC_SECRET", self.secret),
            ("SAVE_HMAC_SECRET_PREVIOUS", self.previous),
            ("SAVE_ED25519_SEED_FILE", &seed),
            ("DATABASE_URL", &self.db),
            ("FINOPS_ORIGIN", ORIGIN),
        ];
        let (status, out, err) = run_in(arguments, input, &variables);
        for secret in [SECRET, NEXT, "77777777"] {
            assert!(!out.contains(secret) && !err.contains(secret), "{arguments:?} shows a secret");
        }
        (status, out, err)
    }

    fn ok(&self, arguments: &[&str], input: &str) -> String {
        let (status, out, err) = self.run(arguments, input);
        assert_eq!(status, 0, "{arguments:?}: {err}");
        out
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(arguments, "")).unwrap()
    }

    /// Exit status and the error's code.
    fn fails(&self, arguments: &[&str], input: &str) -> (i32, String) {
        let (status, out, err) = self.run(arguments, input);
        assert_eq!(out, "", "{arguments:?}");
        let line = err.lines().find_map(|line| line.strip_prefix("finops: ")).expect("a message");
        (status, line.split(": ").next().unwrap().to_owned())
    }
}

const LINES: &str = concat!(
    "{\"kind\":\"acme.deploy\",\"actor\":\"svc:ci\",\"data\":{\"service\":\"api\",\"cost\":\"12.5\"},\"id\":\"d-1\",\"at\":\"2026-03-14T09:26:53.589793Z\"}\n",
    "\n",
    "{\"kind\":\"acme.deploy.done\",\"actor\":\"user:ana\",\"id\":\"d-2\"}\n",
);

/// What every store can.
fn a_log_is_made_written_checked_and_proved(shell: &Shell) {
    let made = shell.json(&["ledger", "init", "--json"]);
    assert_eq!((&made["created"], &made["size"]), (&true.into(), &1.into()));
    let vkey = made["vkey"].as_str().unwrap();
    let again = shell.json(&["ledger", "init", "--json"]);
    assert_eq!((&again["created"], &again["root"]), (&false.into(), &made["root"]));

    assert_eq!(shell.ok(&["ledger", "append"], LINES), "1\n2\n");
    let one =
        ["ledger", "append", "--kind", "acme.deploy", "--actor", "svc:ci", "--data", r#"{"service":"web"}"#];
    let record: Value = serde_json::from_str(&shell.ok(&[&one[..], &["--json"]].concat(), "")).unwrap();
    assert_eq!((&record["seq"], &record["event"]["data"]["service"]), (&3.into(), &"web".into()));
    let retried = LINES.lines().next().unwrap();
    assert_eq!(shell.ok(&["ledger", "append", "-"], retried), "1\n", "the same event is not recorded again");

    let events = shell.ok(&["ledger", "events", "--after", "0", "--limit", "2"], "");
    assert_eq!(events.lines().count(), 2);
    assert!(events.starts_with("1 ") && events.contains(r#""id":"d-1""#), "{events}");
    assert_eq!(shell.ok(&["ledger", "events", "--kind", "acme.deploy"], "").lines().count(), 3);
    assert_eq!(shell.ok(&["ledger", "events", "--kind", "acme.dep"], ""), "");

    let note = shell.ok(&["ledger", "checkpoint"], "");
    assert!(note.starts_with(&format!("{ORIGIN}\n4\n")), "{note}");
    shell.write("note", &note);
    shell.ok(&["ledger", "export", "--out", &shell.path("log")], "");
    let lines = shell.ok(&["ledger", "export"], "");
    assert_eq!(fs::read_to_string(shell.path("log")).unwrap(), lines);
    assert_eq!(lines.lines().count(), 4);

    let (log, anchor) = (shell.path("log"), shell.path("note"));
    let stored = shell.json(&["ledger", "verify", "--json", "--anchor", &anchor]);
    let filed = shell.json(&["ledger", "verify", &log, "--json", "--anchor", &anchor]);
    assert_eq!((&filed["ok"], &filed["anchored_up_to"]), (&true.into(), &4.into()));
    assert_eq!(stored, filed);
    let public =
        shell.json(&["ledger", "verify", &log, "--public", "--json", "--anchor", &anchor, "--vkey", vkey]);
    assert_eq!((&public["ok"], &public["tags"]), (&true.into(), &"not_checked".into()));
    let told = shell.ok(&["ledger", "verify"], "");
    assert!(told.starts_with(&format!("ok: 4 records of {ORIGIN}\n")), "{told}");

    let proof = shell.json(&["ledger", "prove", "1"]);
    assert_eq!((&proof["index"], &proof["size"]), (&1.into(), &4.into()));
    assert_eq!(shell.json(&["ledger", "prove", "--from", "2"])["new"], 4);
    assert_eq!(shell.fails(&["ledger", "prove", "9"], "").0, 66);
    assert!(shell.ok(&["ledger", "receipt", "1"], "").starts_with("c2sp.org/tlog-proof@v1\nindex 1\n"));

    assert_eq!(shell.ok(&["ledger", "anchor", "--to", &shell.path("kept")], ""), "");
    assert_eq!(fs::read_to_string(shell.path("kept")).unwrap(), note, "the log had not grown");
    let anchored = shell.ok(&["ledger", "events", "--kind", "log.anchored", "--json"], "");
    let anchored: Value = serde_json::from_str(&anchored).unwrap();
    assert_eq!((&anchored["seq"], &anchored["event"]["data"]["size"]), (&4.into(), &4.into()));
    assert!(shell.ok(&["ledger", "anchor", "--to", "-"], "").starts_with(ORIGIN));
}

#[test]
fn a_log_in_sqlite() {
    a_log_is_made_written_checked_and_proved(&Shell::sqlite("sqlite"));
}

#[test]
fn a_log_in_a_file() {
    a_log_is_made_written_checked_and_proved(&Shell::file("file"));
}

#[test]
fn what_is_wrong_has_a_code_a_place_and_an_exit_status() {
    let mut shell = Shell::sqlite("wrong");
    assert_eq!(shell.fails(&["ledger", "append"], LINES), (66, "store.not_found".to_owned()));
    assert!(!fs::exists(shell.path("ledger.db")).unwrap(), "nothing is made by the way");
    shell.ok(&["ledger", "init"], "");
    for (line, code, place) in [
        (r#"{"kind":"acme.deploy"}"#, "ledger.event.field", "at: line 1"),
        (r#"{"kind":"acme.deploy","actor":"svc:ci","sort":1}"#, "ledger.event.field", "at: line 1"),
        ("{\"kind\":", "ledger.canonical.syntax", "at: line 1"),
        (
            r#"{"kind":"acme.deploy","actor":"svc:ci","data":{"cost":12.5}}"#,
            "ledger.canonical.float",
            "at: line 1",
        ),
        (r#"{"kind":"acme.deploy","actor":"ana@example.com"}"#, "ledger.event.field", "at: /actor"),
        (r#"{"kind":"opportunity.invented","actor":"svc:ci"}"#, "ledger.event.unknown_kind", "at: /kind"),
    ] {
        assert_eq!(shell.fails(&["ledger", "append"], line), (65, code.to_owned()), "{line}");
        let (_, _, err) = shell.run(&["ledger", "append"], line);
        assert!(err.contains(place), "{err}");
    }
    let bad = [LINES, "{\"kind\":\"acme\",\"actor\":\"svc:ci\"}\n"].concat();
    assert_eq!(shell.fails(&["ledger", "append"], &bad).0, 65);
    assert_eq!(shell.json(&["ledger", "verify", "--json"])["size"], 1, "all or nothing");

    assert_eq!(
        shell
            .fails(&["ledger", "append", "--kind", "a.b", "--actor", "svc:x", "--db", "mongodb://h/d"], "")
            .0,
        78
    );
    assert_eq!(shell.run(&["ledger", "append", "--kind", "acme.deploy"], "").0, 2);
    assert_eq!(run(&["ledger", "nonsense"], "").0, 2);
    shell.secret = "short-secret-of-nobody";
    assert_eq!(shell.fails(&["ledger", "append"], LINES), (78, "ledger.key.short".to_owned()));
    shell.secret = "";
    assert_eq!(shell.fails(&["ledger", "append"], LINES), (78, "ledger.key.missing".to_owned()));
    assert_eq!(shell.ok(&["ledger", "append", "--secret-file", &shell.path("secret")], LINES), "1\n2\n");
    shell.secret = NEXT;
    assert_eq!(shell.fails(&["ledger", "append"], LINES), (1, "ledger.verify.unknown_key".to_owned()));
    assert_eq!(
        shell.run(&["ledger", "verify"], "").0,
        1,
        "it can be read, and it is not what the secret sealed"
    );
}

#[test]
fn verification_says_0_1_or_2_as_the_script_of_auditors() {
    let mut shell = Shell::file("verify");
    shell.ok(&["ledger", "init"], "");
    shell.ok(&["ledger", "append"], LINES);
    shell.write("note", &shell.ok(&["ledger", "checkpoint"], ""));
    let whole = shell.ok(&["ledger", "export"], "");
    let vkey = shell.json(&["ledger", "init", "--json"])["vkey"].as_str().unwrap().to_owned();
    shell.write("whole", &whole);
    shell.write("forged", &whole.replace("12.5", "11.5"));
    shell.write("cut", &whole.lines().take(1).map(|line| format!("{line}\n")).collect::<String>());
    shell.write("torn", whole.trim_end());
    shell.write("long", &format!("{whole}{}", "x".repeat(200_000)));
    shell.write("overlong", &format!("{whole}{}\n", "x".repeat(200_000)));
    shell.write("empty", "");
    shell.write("second", &format!("{NEXT}\n"));
    shell.secret = "";
    let head = shell.json(&[
        "ledger",
        "verify",
        &shell.path("whole"),
        "--json",
        "--secret-file",
        &shell.path("secret"),
    ]);
    let bare = format!("{}:{}", head["size"], head["root"].as_str().unwrap());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../python/verify_ledger.py");
    let python =
        ["python3", "python"].into_iter().find(|name| Command::new(name).arg("--version").output().is_ok());
    let Some(python) = python else {
        eprintln!("NO PYTHON ON THIS MACHINE: the comparison with verify_ledger.py is skipped");
        return;
    };
    let (secret, note) = (shell.path("secret"), shell.path("note"));
    let keyed = ["--secret-file", secret.as_str(), "--anchor", note.as_str()];
    let second = shell.path("second");
    let missing = shell.path("missing");
    for (log, more, status) in [
        ("whole", &keyed[..], 0),
        ("whole", &["--secret-file", &secret, "--anchor", &bare], 0),
        ("whole", &["--anchor", &note, "--vkey", &vkey], 0),
        ("whole", &["--secret-file", &second], 1),
        ("whole", &[], 1),
        ("whole", &["--secret-file", &secret, "--origin", "acme.example/other"], 1),
        ("forged", &keyed, 1),
        ("cut", &keyed[..2], 0),
        ("cut", &keyed, 1),
        ("torn", &keyed, 1),
        ("long", &keyed, 1),
        ("overlong", &keyed, 1),
        ("empty", &keyed, 1),
        ("note", &keyed, 1),
        ("whole", &["--secret-file", &missing], 2),
        ("missing", &keyed, 2),
        ("whole", &["--vkey", "nonsense"], 2),
        ("whole", &["--anchor", &missing], 2),
    ] {
        let path = shell.path(log);
        let arguments = [&[path.as_str()], more].concat();
        let ours = shell.run(&[&["ledger", "verify", "--json"], arguments.as_slice()].concat(), "");
        let theirs = Command::new(python).arg(script).args(&arguments).output().unwrap();
        let line = String::from_utf8(theirs.stdout).unwrap();
        assert_eq!(
            (ours.0, theirs.status.code(), &ours.1),
            (status, Some(status), &line),
            "{log} {more:?} {}",
            ours.2
        );
    }
}

#[test]
fn a_torn_tail_is_kept_aside_and_a_false_log_is_not_written_to() {
    let shell = Shell::file("torn");
    shell.ok(&["ledger", "init"], "");
    shell.ok(&["ledger", "append"], LINES);
    let whole = fs::read_to_string(shell.path("ledger.log")).unwrap();
    shell.write("ledger.log", &format!("{whole}3 torn"));
    assert_eq!(shell.run(&["ledger", "verify"], "").0, 1);
    assert_eq!(shell.ok(&["ledger", "append", "--kind", "acme.deploy", "--actor", "svc:ci"], ""), "3\n");
    shell.write("ledger.log", &whole.replace("12.5", "11.5"));
    assert_eq!(shell.fails(&["ledger", "append"], LINES), (1, "ledger.verify.tag".to_owned()));
    assert_eq!(shell.fails(&["report", "weekly"], ""), (1, "ledger.verify.tag".to_owned()));
    assert_eq!(shell.run(&["ledger", "verify"], "").0, 1);
    let (status, sound, err) = shell.run(&["ledger", "events"], "");
    assert_eq!((status, sound.lines().count()), (0, 1), "what is sound can still be looked at");
    assert!(err.contains("ledger.verify.tag"), "{err}");
}

#[test]
fn keys_rotate_and_values_are_forgotten() {
    let mut shell = Shell::sqlite("rotate");
    shell.ok(&["ledger", "init"], "");
    assert_eq!(shell.ok(&["ledger", "rotate-key", "--new-secret-file", &shell.path("next")], ""), "1\n");
    assert_eq!(shell.fails(&["ledger", "append"], LINES), (78, "ledger.key.rotation_required".to_owned()));
    (shell.secret, shell.previous) = (NEXT, SECRET);
    assert_eq!(shell.ok(&["ledger", "append"], LINES), "2\n3\n");
    (shell.secret, shell.previous) = (SECRET, NEXT);
    assert_eq!(shell.fails(&["ledger", "append"], LINES), (78, "ledger.key.rotation_required".to_owned()));
    (shell.secret, shell.previous) = (NEXT, SECRET);
    assert_eq!(shell.fails(&["ledger", "redact", "d-1", "/data/user", "--reason", "asked for it"], "").0, 66);
    let rebuilt = shell.ok(&["ledger", "rebuild"], "");
    assert_eq!(rebuilt, "cost_baselines\nopportunities\nsavings_verifications\ndeployments\n");
}

#[test]
fn another_log_is_rolled_up_by_its_checkpoint() {
    let (organisation, service) = (Shell::sqlite("organisation"), Shell::sqlite("service"));
    organisation.ok(&["ledger", "init"], "");
    let other = ["--origin", "acme.example/svc/api"];
    service.ok(&[&["ledger", "init"][..], &other].concat(), "");
    let note = service.ok(&[&["ledger", "checkpoint"][..], &other].concat(), "");
    assert_eq!(organisation.ok(&["ledger", "roll-up"], &note), "1\n");
    let event = organisation.ok(&["ledger", "events", "--kind", "log.rolled_up", "--json"], "");
    let event: Value = serde_json::from_str(&event).unwrap();
    assert_eq!(event["event"]["data"]["origin"], "acme.example/svc/api");
    let forged = note.replacen("\n1\n", "\n2\n", 1);
    assert_eq!(
        organisation.fails(&["ledger", "roll-up"], &forged),
        (1, "ledger.verify.checkpoint_signature".to_owned())
    );
    assert_eq!(organisation.fails(&["ledger", "roll-up"], "x").1, "ledger.verify.checkpoint_malformed");
}

/// An opportunity, found and approved.
const STORY: &str = concat!(
    "{\"kind\":\"opportunity.detected\",\"actor\":\"svc:detector\",\"at\":\"2026-03-02T09:00:00.000000Z\",\"data\":{\"opportunity\":",
    "{\"id\":\"o1\",\"type\":\"idle_nodes\",\"resource\":\"i-1\",\"team\":\"core\",\"estimated_monthly_savings\":\"120.5\"}}}\n",
    "{\"kind\":\"opportunity.approved\",\"actor\":\"user:ana\",\"at\":\"2026-03-03T09:00:00.000000Z\",\"data\":{\"opportunity\":\"o1\"}}\n",
);

#[test]
fn a_report_of_a_log_is_written_and_issued() {
    for shell in [Shell::sqlite("report"), Shell::file("report-file")] {
        shell.ok(&["ledger", "init"], "");
        shell.ok(&["ledger", "append"], STORY);
        let report = shell.json(&["report", "monthly", "2026-03", "--format", "json"]);
        assert_eq!(report["totals"]["estimated_monthly"], "120.5");
        assert_eq!((&report["header"]["origin"], &report["header"]["size"]), (&ORIGIN.into(), &3.into()));
        assert!(shell.ok(&["report", "weekly", "2026-W10"], "").starts_with("# Savings report 2026-W10"));
        let page = shell.path("march.html");
        assert_eq!(shell.ok(&["report", "monthly", "2026-03", "--out", &page], ""), "");
        assert!(fs::read_to_string(page).unwrap().starts_with("<!doctype html>"));

        let issue = ["report", "monthly", "2026-03", "--format", "json", "--issue", "--actor", "user:ana"];
        let text = shell.ok(&issue, "");
        let event = shell.ok(&["ledger", "events", "--kind", "report.issued", "--json"], "");
        let event: Value = serde_json::from_str(&event).unwrap();
        assert_eq!(event["event"]["actor"], "user:ana");
        let digest = finops::ledger::event::hex::encode(&Sha256::digest(text.as_bytes()));
        assert_eq!(event["event"]["data"]["sha256"], Value::from(digest));

        let last: Value =
            serde_json::from_str(&shell.ok(&["report", "weekly", "--format", "json"], "")).unwrap();
        assert_eq!(last["kind"], "weekly");
        // Without a label the present week, as in Python and Node; `last` is the one before.
        let start = |text: &str| -> Value {
            let report: Value = serde_json::from_str(text).unwrap();
            report["period"]["start"].clone()
        };
        let before = shell.ok(&["report", "weekly", "last", "--format", "json"], "");
        assert!(start(&before).as_str() < last["period"]["start"].as_str(), "{before}");
        assert_eq!(
            shell.fails(&["report", "weekly", "2026-03"], ""),
            (65, "ledger.report.period".to_owned())
        );
        assert_eq!(
            shell.fails(&["report", "monthly", "2026-13"], ""),
            (65, "ledger.report.period".to_owned())
        );
        assert_eq!(shell.run(&["report", "monthly", "--out", "report.pdf"], "").0, 2);
        shell.write("inputs", r#"{"forecast":{"part":"110","whole":"100","source":"plan"}}"#);
        let told = shell.json(&[
            "report",
            "monthly",
            "2026-03",
            "--format",
            "json",
            "--inputs",
            &shell.path("inputs"),
        ]);
        assert_eq!(told["kpis"]["forecast_variance"]["value"], "0.1");
        let savings = shell.json(&["savings", "--json"]);
        assert_eq!((&savings["estimated_monthly"], &savings["realized"]), (&"120.5".into(), &"0".into()));
        assert!(shell.ok(&["savings"], "").contains("estimated_monthly: 120.5\n"));
    }
}
