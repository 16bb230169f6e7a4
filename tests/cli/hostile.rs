//! Hostile texts and files: shown and never executed, in every format that the command line knows.

use crate::support::program::{Answer, Doctor, bedrock_access};
use bedrock_access::escape::is_unsafe;
use bedrock_access::sandbox::World;
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What steers terminals, turns directions, hides, ends lines, and is markup in HTML, Markdown and XML.
const HOSTILE: &str = concat!(
    "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{8}\u{0}\u{7f}\r\nALLOWED: all is well\n",
    "\u{202e}\u{2066}\u{200f}\u{feff}\u{e0041}",
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"'>",
    "[click](javascript:alert(1))![x](http://evil.example/x)`|`]]>&lt;&x;--><!--"
);

/// The same without what a JSON string of a name cannot hold in some places.
const MARKUP: &str = "\u{202e}<script>alert(1)</script>[click](javascript:alert(1))]]>&x;`|`";

/// Returns the formats of a command, as it lists them where one is asked for that does not exist.
fn formats(command: &[&str]) -> Vec<String> {
    let refused = bedrock_access(command.iter().chain(&["--format", "none"])).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, values) = words.split_once("[possible values: ").unwrap_or_else(|| panic!("{command:?}: {said}"));
    values.split(']').next().unwrap().split(", ").map(str::to_owned).collect()
}

/// Takes fenced blocks and code spans out of Markdown: what stands in them is shown as it is (CommonMark, "Code spans").
fn without_code(markdown: &str) -> String {
    let (mut prose, mut fence) = (String::new(), String::new());
    for line in markdown.lines() {
        let run: String = line.trim_start().chars().take_while(|c| *c == '`').collect();
        if run.len() >= 3 && (fence.is_empty() || run == fence) {
            fence = if fence.is_empty() { run } else { String::new() };
            continue;
        }
        if !fence.is_empty() {
            continue;
        }
        let mut rest = line;
        while let Some(at) = rest.find('`') {
            prose.push_str(&rest[..at]);
            let ticks: String = rest[at..].chars().take_while(|c| *c == '`').collect();
            let behind = &rest[at + ticks.len()..];
            let closes = behind.match_indices(&ticks).map(|(end, _)| end).find(|end| {
                let (before, after) = (&behind[..*end], &behind[end + ticks.len()..]);
                !before.ends_with('`') && !after.starts_with('`')
            });
            match closes {
                Some(end) => rest = &behind[end + ticks.len()..],
                None => {
                    prose.push_str(&ticks);
                    rest = behind;
                }
            }
        }
        prose.push_str(rest);
        prose.push('\n');
    }
    prose
}

/// Checks what was printed: nothing is_unsafe, and no markup of the format is the text's own.
fn check(what: &str, format: &str, output: &str) {
    let steering: Vec<char> = output.chars().filter(|c| *c != '\n' && is_unsafe(*c)).collect();
    assert!(steering.is_empty(), "{what} as {format}: {steering:?} in {output:?}");
    assert!(!output.lines().any(|line| line.starts_with("ALLOWED: all")), "{what} as {format}: {output}");
    match format {
        "json" => {
            for line in if output.starts_with("{\n") { vec![output] } else { output.lines().collect() } {
                serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{what}: {error}: {line}"));
            }
        }
        "html" => {
            for markup in ["<script>alert", "<img src=x", "\"javascript:alert"] {
                assert!(!output.contains(markup), "{what} as {format}: {output}");
            }
        }
        "markdown" => {
            let output = without_code(output);
            for markup in ["<script>", "<img src=x", "[click](javascript", "![x](http"] {
                assert!(!output.contains(markup), "{what} as {format}: {output}");
            }
        }
        "junit" | "sarif" if output.starts_with('<') => {
            let mut reader = quick_xml::Reader::from_str(output);
            loop {
                match reader.read_event().unwrap_or_else(|error| panic!("{what} as {format}: {error}: {output}")) {
                    quick_xml::events::Event::Eof => break,
                    quick_xml::events::Event::Start(start) => {
                        assert!(start.name().as_ref() != "script", "{what} as {format}: {output}");
                        for attribute in start.attributes() {
                            attribute.unwrap();
                        }
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn check_answer(what: &str, format: &str, answer: &Answer) {
    check(what, format, &answer.stdout);
    check(what, "text", &answer.stderr);
    assert!(!answer.stderr.contains("panicked"), "{what}: {}", answer.stderr);
}

/// Walks over the strings of a document, by their JSON Pointers.
fn strings(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at.to_owned()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                strings(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                strings(field, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        _ => {}
    }
}

/// Puts hostile text into every string of a world that still is one with it.
fn hostile(world: &str) -> (Value, usize) {
    let mut facts: Value = serde_json::from_str(World::embedded_text(world).unwrap()).unwrap();
    let mut places = Vec::new();
    strings(&facts, "", &mut places);
    let mut planted = 0;
    for place in places {
        // Whoever cannot authenticate sees nothing of the rest; the request and ARNs are held to their own grammar.
        if place.contains("access_key") || place.contains("/request/") || place == "/caller" {
            continue;
        }
        let original = facts.pointer(&place).unwrap().clone();
        for text in [HOSTILE, MARKUP] {
            *facts.pointer_mut(&place).unwrap() = Value::String(format!("{}{text}", original.as_str().unwrap()));
            if World::parse(&facts.to_string()).is_ok() {
                planted += 1;
                break;
            }
            *facts.pointer_mut(&place).unwrap() = original.clone();
        }
    }
    (facts, planted)
}

fn written(folder: &Path, name: &str, text: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_hostile_account_is_shown_in_every_format() {
    let formats = formats(&["doctor"]);
    assert!(formats.len() >= 2, "{formats:?}");
    let folder = tempfile::tempdir().unwrap();
    for world in ["healthy", "iam-missing", "iam-explicit-deny", "model-access-missing", "throttled", "legacy-model"] {
        let (facts, planted) = hostile(world);
        assert!(planted > 20, "{world}: {planted}");
        let path = written(folder.path(), "world.json", facts.to_string().as_bytes());
        for format in &formats {
            for more in [vec![], vec!["--probe"], vec!["-v"]] {
                let arguments = ["--sandbox", path.to_str().unwrap(), "--format", format];
                let answer = Doctor::new([&arguments[..], &more].concat()).run();
                assert_ne!(answer.status, 4, "{world}: {}", answer.stderr);
                check_answer(&format!("{world} {more:?}"), format, &answer);
            }
        }
    }
}

/// Asks the doctor in an account whose runtime refuses with a text.
fn refused_with(message: &str, arguments: &[&str]) -> Answer {
    let body = serde_json::json!({"__type": "AccessDeniedException", "message": message}).to_string();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = std::io::Read::read(&mut stream, &mut [0; 8192]);
            let _ = write!(
                stream,
                "HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    let world = World::embedded("healthy").unwrap();
    let (id, secret, token) = world.caller_credentials();
    let token = token.unwrap().to_owned();
    let (id, secret) = (id.to_owned(), secret.to_owned());
    let sandbox = bedrock_access::sandbox::Sandbox::start(world, Duration::ZERO, 0).unwrap();
    let fixed = ["--model", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "--region", "us-west-2", "--probe"];
    Doctor::new([&fixed[..], arguments].concat())
        .environment([
            ("AWS_ACCESS_KEY_ID", id.as_str()),
            ("AWS_SECRET_ACCESS_KEY", &secret),
            ("AWS_SESSION_TOKEN", &token),
            ("AWS_ENDPOINT_URL_STS", &sandbox.endpoint()),
            ("AWS_ENDPOINT_URL_IAM", &sandbox.endpoint()),
            ("AWS_ENDPOINT_URL_BEDROCK", &sandbox.endpoint()),
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &endpoint),
        ])
        .run()
}

#[test]
fn a_hostile_refusal_is_shown_in_every_format() {
    let denial = format!(
        "User: arn:aws:sts::111122223333:assumed-role/chat-api/{HOSTILE} is not authorized to perform: bedrock:InvokeModel on resource: {HOSTILE} because no identity-based policy allows the bedrock:InvokeModel action"
    );
    for format in formats(&["doctor"]) {
        for message in [HOSTILE, &denial] {
            let answer = refused_with(message, &["-v", "--format", &format]);
            check_answer("a refusal", &format, &answer);
            if format == "json" {
                assert_ne!(answer.json()["verdict"], "allowed", "{}", answer.stdout);
            }
        }
    }
}

#[test]
fn hostile_input_of_the_offline_commands_is_shown_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let escaped = serde_json::to_string(HOSTILE).unwrap();
    let policy = format!(
        "{{\"Version\": \"2012-10-17\", \"Id\": {escaped}, \"Statement\": [{{\"Sid\": {escaped}, \"Effect\": \"Deny\", \
         \"Action\": [{escaped}, \"bedrock:*\"], \"Resource\": [\"*\", {escaped}], \"Condition\": {{{escaped}: {{{escaped}: {escaped}}}, \
         \"StringLike\": {{{escaped}: {escaped}}}}}}}]}}"
    );
    let allow = format!(
        "{{\"Version\": \"2012-10-17\", \"Statement\": {{\"Sid\": {escaped}, \"Effect\": \"Allow\", \"Action\": [\"bedrock:InvokeModel\", {escaped}], \"Resource\": \"*\", \"Condition\": {{\"StringEquals\": {{\"aws:RequestedRegion\": {escaped}}}}}}}}}"
    );
    let name = OsStr::from_bytes(b"\x1b[2J\xe2\x80\xaename\nerror: x.json");
    let files = [("policy", &policy), ("allow", &allow), ("text", &HOSTILE.to_owned())].map(|(kind, text)| {
        let path = folder.path().join(kind);
        fs::create_dir(&path).unwrap();
        let path = path.join(name);
        fs::write(&path, text).unwrap();
        path
    });
    let absent = folder.path().join("absent").join(name);
    let model = ["--model", "us.amazon.nova-lite-v1:0", "--region", "us-west-2"];
    for path in files.iter().chain([&absent]) {
        let path = path.as_os_str();
        let of = |words: &[&str]| words.iter().map(|word| OsStr::new(*word).to_owned()).collect::<Vec<_>>();
        let mut runs: Vec<(&str, Vec<std::ffi::OsString>)> = Vec::new();
        for (command, words) in
            [("explain", vec!["explain"]), ("lint", vec!["policy", "lint"]), ("test", vec!["policy", "test"])]
        {
            for format in formats(&words) {
                runs.push((command, [of(&words), vec![path.to_owned()], of(&["--format", &format])].concat()));
            }
        }
        for format in formats(&["policy", "simulate"]) {
            let words = ["--account", "111122223333", "--format", &format, "--policy"];
            let words = [&["policy", "simulate"][..], &model, &words].concat();
            runs.push(("simulate", [of(&words), vec![path.to_owned()]].concat()));
        }
        runs.push(("explain", [of(&["explain", "--batch"]), vec![path.to_owned()]].concat()));
        let asking = ["--model", "us.amazon.nova-lite-v1:0", "--region", "us-west-2", "--timeout", "3"];
        for option in ["--sandbox", "--error", "--session-policy", "--output"] {
            runs.push(("doctor", [of(&["doctor"]), of(&asking), of(&[option]), vec![path.to_owned()]].concat()));
        }
        // These say themselves what is asked about.
        for option in ["--evidence", "--targets"] {
            runs.push(("doctor", [of(&["doctor", option]), vec![path.to_owned()]].concat()));
        }
        for (what, arguments) in runs {
            let output = bedrock_access(&arguments).output().unwrap();
            let format = arguments.iter().position(|word| word == "--format").and_then(|at| arguments[at + 1].to_str());
            // A failure's report is on standard error; standard output is then no document.
            let format = if output.stdout.is_empty() { "text" } else { format.unwrap_or("text") };
            let shown = format!("{what} {arguments:?}");
            check(&shown, format, std::str::from_utf8(&output.stdout).unwrap());
            check(&shown, "text", std::str::from_utf8(&output.stderr).unwrap());
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(!stderr.contains("panicked"), "{shown}: {stderr}");
            assert!(!stderr.lines().any(|line| line.starts_with("error: x.json")), "{shown}: {stderr}");
            // What is wrong usage reads no file, and would show nothing of it: but for a file of another kind, which is named.
            let is_of_another_kind = stderr.contains("error: x.json` is an IAM policy, not an error message");
            let expected = |code: i32| code <= 4 && (code != 2 || is_of_another_kind);
            assert!(output.status.code().is_some_and(expected), "{shown}: {}: {stderr}", output.status);
        }
    }
}

#[test]
fn hostile_arguments_and_variables_are_shown() {
    let clean = HOSTILE.replace('\0', "");
    for arguments in [
        vec!["doctor", "--sandbox", "--model", &clean],
        vec!["doctor", "--sandbox", "--region", &clean],
        vec!["doctor", "--sandbox", "--operation", &clean],
        vec!["doctor", "--sandbox", "--principal", &clean],
        vec!["doctor", "--sandbox", "--context", &clean],
        vec!["doctor", "--sandbox", &clean],
        vec!["doctor", &clean],
        vec!["causes", &clean],
        vec!["sandbox", "show", &clean],
        vec!["sandbox", "serve", "--fault", &clean],
        vec!["explain", "--format", &clean],
        vec![&clean.replace(char::is_whitespace, "")],
        vec!["run", "--", &clean],
    ] {
        let output = bedrock_access(&arguments).output().unwrap();
        check(&format!("{arguments:?}"), "text", std::str::from_utf8(&output.stdout).unwrap());
        check(&format!("{arguments:?}"), "text", std::str::from_utf8(&output.stderr).unwrap());
        assert!(!output.stderr.is_empty() && output.stdout.is_empty(), "{arguments:?}");
    }
    // With white space in it, it is a text that is to be explained.
    let output = bedrock_access([&clean]).output().unwrap();
    let said = std::str::from_utf8(&output.stdout).unwrap();
    check("a free text", "text", said);
    check("a free text", "text", std::str::from_utf8(&output.stderr).unwrap());
    assert!(status(&output) == 3 && said.starts_with("unrecognized: "), "{said}");
    for variable in
        ["AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_BEARER_TOKEN_BEDROCK", "AWS_LAMBDA_FUNCTION_NAME"]
    {
        for format in formats(&["doctor"]) {
            let arguments = ["--model", "us.amazon.nova-lite-v1:0", "--format", &format, "--timeout", "4"];
            let mut doctor = Doctor::new(arguments).environment([
                ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
                ("AWS_SECRET_ACCESS_KEY", "x"),
                ("AWS_REGION", "us-west-2"),
                ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
            ]);
            doctor = doctor.environment([(variable, clean.as_str())]);
            check_answer(variable, &format, &doctor.run());
        }
    }
}

#[test]
fn a_hostile_world_is_shown_and_stays_the_same_world() {
    let mut world: Value = serde_json::from_str(World::embedded_text("healthy").unwrap()).unwrap();
    world["description"] = Value::from("\u{202e}\u{9b}31m\u{7f}\u{1b}[2J");
    let folder = tempfile::tempdir().unwrap();
    // Raw but for what JSON does not have raw, with the layout of another system.
    let text = serde_json::to_string_pretty(&world).unwrap().replace("  ", "\t").replace('\n', "\r\n");
    let path = written(folder.path(), "world.json", text.as_bytes());
    let output = bedrock_access(["sandbox", "show", path.to_str().unwrap()]).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    check("sandbox show", "json", &shown);
    assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), world);
    for name in World::names() {
        let output = bedrock_access(["sandbox", "show", name]).output().unwrap();
        assert!(output.stdout == World::embedded_text(name).unwrap().as_bytes(), "{name}");
    }
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

/// Every command that reads a JSON or text file, with the words before the file.
const READERS: [&[&str]; 6] = [
    &["policy", "lint"],
    &["policy", "test"],
    &["policy", "simulate", "--model", "amazon.nova-lite-v1:0", "--region", "us-west-2", "--policy"],
    &["doctor", "--sandbox"],
    &["doctor", "--evidence"],
    &["explain", "--batch"],
];

#[test]
fn what_is_no_file_of_text_is_said_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let deep = [b"[".repeat(200_000), b"]".repeat(200_000)].concat();
    let deep_object = [b"{\"a\":".repeat(200_000), b"1".to_vec(), b"}".repeat(200_000)].concat();
    let files = [
        ("a deep array", written(folder.path(), "deep.json", &deep)),
        ("a deep object", written(folder.path(), "deeper.json", &deep_object)),
        ("an unfinished deep array", written(folder.path(), "open.json", &deep[..200_000])),
        ("no text", written(folder.path(), "binary", b"\xff\xfe\x00{}")),
        ("nothing", written(folder.path(), "empty", b"")),
        ("half a document", written(folder.path(), "half", b"{\"Version\": \"2012-10-17\", \"Sta")),
        ("a null", written(folder.path(), "null", b"null")),
        ("a number without an end", written(folder.path(), "number", &b"9".repeat(1_000_000))),
        ("a directory", folder.path().to_owned()),
        ("a loop of links", {
            let path = folder.path().join("loop");
            std::os::unix::fs::symlink(&path, &path).unwrap();
            path
        }),
        ("bytes without an end", PathBuf::from("/dev/zero")),
    ];
    for words in READERS {
        for (what, path) in &files {
            // Lines are answered as they come, from a stream that need not end.
            if what == &"bytes without an end" && (words.contains(&"--batch") || words.contains(&"test")) {
                continue;
            }
            let started = Instant::now();
            let output = bedrock_access(words.iter().map(OsStr::new).chain([path.as_os_str()])).output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(started.elapsed() < Duration::from_secs(20), "{what} {words:?}: {:?}", started.elapsed());
            assert_ne!(status(&output), 2, "what is wrong usage reads no file: {words:?}: {stderr}");
            // `explain --batch` answers each line by itself, and a policy that is none is a finding of `lint`.
            let may_be_clean = *what == "nothing" && words.contains(&"--batch");
            assert!(
                (i32::from(!may_be_clean)..=4).contains(&status(&output)),
                "{what} {words:?}: {:?} {stderr}",
                output.status
            );
            assert!(!stderr.contains("panicked") && !stderr.contains("overflow"), "{what} {words:?}: {stderr}");
            let said = stderr.starts_with("error: ") || !output.stdout.is_empty();
            assert!(said || what == &"nothing", "{what} {words:?}: {stderr}");
        }
    }
}

#[test]
fn links_and_pipes_are_files_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let world = written(folder.path(), "world.json", World::embedded_text("iam-missing").unwrap().as_bytes());
    let link = folder.path().join("link.json");
    std::os::unix::fs::symlink(&world, &link).unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (from, to) = (world.clone(), pipe.clone());
    let writer = std::thread::spawn(move || fs::write(to, fs::read(from).unwrap()).unwrap());
    let expected = bedrock_access(["doctor", "--sandbox", world.to_str().unwrap()]).output().unwrap();
    for path in [&link, &pipe] {
        let output = bedrock_access(["doctor", "--sandbox", path.to_str().unwrap()]).output().unwrap();
        assert_eq!((status(&output), &output.stdout), (1, &expected.stdout), "{}", path.display());
    }
    writer.join().unwrap();
}

/// Places where no file can be made or changed.
const UNWRITABLE: [&str; 2] = ["/nonexistent/report.txt", "/proc/version"];

#[test]
fn a_report_is_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let report =
        |path: &Path| bedrock_access(["doctor", "--sandbox", "--output", path.to_str().unwrap()]).output().unwrap();
    let expected = bedrock_access(["doctor", "--sandbox"]).output().unwrap().stdout;
    let plain = folder.path().join("report.txt");
    assert_eq!(status(&report(&plain)), 1);
    assert_eq!(fs::read(&plain).unwrap(), expected);
    // What is there keeps its mode, and a link its target.
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o600)).unwrap();
    let link = folder.path().join("link.txt");
    std::os::unix::fs::symlink(&plain, &link).unwrap();
    fs::write(&plain, "old").unwrap();
    assert_eq!(status(&report(&link)), 1);
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(fs::read(&plain).unwrap(), expected);
    assert_eq!(plain.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // What is no regular file stays what it is, and a pipe that nobody reads is not waited for.
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (devices, folder_itself) = (["/dev/null", "/dev/full"], folder.path().to_str().unwrap());
    for unwritable in devices.into_iter().chain([pipe.to_str().unwrap()]) {
        let stderr = String::from_utf8(report(Path::new(unwritable)).stderr).unwrap();
        assert!(stderr.contains("it is not a regular file") && stderr.contains("standard output"), "{stderr}");
        assert!(!fs::metadata(unwritable).unwrap().is_file(), "{unwritable}");
    }
    for unwritable in devices.into_iter().chain([pipe.to_str().unwrap(), folder_itself]).chain(UNWRITABLE) {
        let output = report(Path::new(unwritable));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((status(&output), output.stdout.len()), (4, 0), "{unwritable}: {stderr}");
        assert!(stderr.starts_with("error: ") && stderr.contains("cannot be written"), "{stderr}");
    }
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[test]
fn a_standard_output_that_is_full_or_closed_is_no_panic() {
    let runs: [&[&str]; 7] = [
        &["doctor", "--sandbox"],
        &["doctor", "--sandbox", "--format", "json"],
        &["causes"],
        &["sandbox", "list"],
        &["sandbox", "show", "healthy"],
        &["--help"],
        &["doctor", "--help"],
    ];
    for arguments in runs {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = bedrock_access(arguments).stdout(full).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
        if !arguments.contains(&"--help") {
            assert_eq!(status(&output), 4, "{arguments:?}: {stderr}");
            assert!(stderr.contains("standard output cannot be written"), "{arguments:?}: {stderr}");
        }
        let whole = status(&bedrock_access(arguments).output().unwrap());
        let mut child = bedrock_access(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((status(&output), output.stderr.len()), (whole, 0), "{arguments:?}");
    }
}
