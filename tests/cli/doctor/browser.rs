//! The HTML report in a real browser: it shows the first finding, and no request leaves the page.
//!
//! Needs Chromium, whose path `BEDROCK_ACCESS_TEST_BROWSER` names; without it the tests are ignored (see `build.rs`).

use crate::support::program::Doctor;
use crate::support::saved::{evidence, report};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Opens a page through a proxy that serves it and nothing else; returns the document and every address asked for.
fn open(page: String) -> (String, Vec<String>) {
    open_in(1280, page)
}

/// Answers one request of a browser: with the page where it asks for it, and with a refusal where it asks for anything else.
fn serve(mut stream: TcpStream, page: &str, asked: &mpsc::Sender<String>) {
    let mut head = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let first = head.next().unwrap_or_default();
    for line in head {
        if line.is_empty() {
            break;
        }
    }
    let answer = if first.starts_with("GET http://report.test/ ") {
        let length = page.len();
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{page}"
        )
    } else {
        "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()
    };
    let _ = asked.send(first);
    // The browser may go away at any time.
    let _ = stream.write_all(answer.as_bytes());
}

/// Opens a page in a window of a width.
fn open_in(width: usize, page: String) -> (String, Vec<String>) {
    let browser = std::env::var_os("BEDROCK_ACCESS_TEST_BROWSER").expect("BEDROCK_ACCESS_TEST_BROWSER names Chromium");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, log) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (asked, page) = (asked.clone(), page.clone());
            // The browser opens connections ahead, and leaves some of them silent.
            thread::spawn(move || serve(stream, &page, &asked));
        }
    });
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new("timeout")
        .arg("120")
        .arg(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "--no-first-run", "--disable-sync"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-default-apps"])
        .args([
            "--disable-extensions",
            "--disable-domain-reliability",
            "--disable-features=OptimizationHints,MediaRouter",
        ])
        .arg(format!("--window-size={width},1000"))
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--proxy-server=http://{address}"))
        .arg("http://report.test/")
        .stderr(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    let mut all = Vec::new();
    while let Ok(line) = log.recv_timeout(Duration::from_millis(200)) {
        // The browser calls its maker for itself, whatever page is open.
        if !line.is_empty() && !["google.com", "googleapis.com", "gvt1.com"].iter().any(|own| line.contains(own)) {
            all.push(line);
        }
    }
    (String::from_utf8(output.stdout).unwrap(), all)
}

#[test]
#[cfg_attr(not(test_browser), ignore = "needs Chromium: set BEDROCK_ACCESS_TEST_BROWSER")]
fn the_browser_shows_the_first_finding_and_asks_nobody() {
    let (document, asked) = open(report(&evidence("both"), "html"));
    assert!(
        document.contains("<h2 class=\"part\" id=\"cause-1\">Fix 1 of 2: identity-policy-missing-allow</h2>"),
        "{document}"
    );
    // Four requirements, in each of the two drawings; the access to the model is likely missing, which stops nothing.
    assert_eq!(document.matches("<g class=\"stopped\">").count(), 2 * 4);
    assert!(!document.contains("google"));
    assert_eq!(asked, ["GET http://report.test/ HTTP/1.1"], "nothing but the page itself");
}

#[test]
#[cfg_attr(not(test_browser), ignore = "needs Chromium: set BEDROCK_ACCESS_TEST_BROWSER")]
fn a_page_that_tried_to_reach_out_would_be_noticed_and_is_stopped() {
    let page = report(&evidence("both"), "html");
    let reaching = "<img src=\"http://elsewhere.test/x.png\"><script>document.title = 'ran'</script></body>";
    let (document, asked) = open(page.replace("</body>", reaching));
    assert!(document.contains("elsewhere.test") && !document.contains("<title>ran</title>"));
    assert_eq!(asked.len(), 1, "the page's policy forbids it: {asked:?}");
    // Without the page's policy the same is seen.
    let open_page = page.replace("Content-Security-Policy", "x-nothing").replace("</body>", reaching);
    let (document, asked) = open(open_page);
    assert!(document.contains("<title>ran</title>"), "the browser runs scripts");
    assert!(asked.iter().any(|line| line.contains("elsewhere.test")), "{asked:?}");
}

#[test]
#[cfg_attr(not(test_browser), ignore = "needs Chromium: set BEDROCK_ACCESS_TEST_BROWSER")]
fn at_any_width_one_drawing_is_shown_and_the_page_does_not_scroll_sideways() {
    let script = "<script>const shown = [...document.querySelectorAll('svg')].filter(svg => svg.getClientRects().length);\
         const root = document.documentElement;\
         document.title = 'sees ' + shown.map(svg => svg.getAttribute('class')).join() + ', '\
         + (root.scrollWidth > root.clientWidth ? 'scrolls' : 'fits');</script></body>";
    // A profile of four requirements, a fix with policy documents, and a page with every kind of section.
    for world in ["both", "iam-missing", "healthy"] {
        let page = report(&evidence(world), "html").replace("Content-Security-Policy", "x-nothing");
        for (width, shown) in [(1700, "across"), (1000, "across"), (700, "down"), (500, "down")] {
            let (document, _) = open_in(width, page.replace("</body>", script));
            let seen = document.split("<title>sees ").nth(1).unwrap().split('<').next().unwrap();
            assert_eq!(seen, format!("{shown}, fits"), "{world} at {width}");
        }
    }
}

/// Opens a page that chooses with a script of its own, which its policy would forbid, and returns what it counted.
fn count_rows(page: &str, choose: &str) -> usize {
    let script = format!(
        "<script>for (const id of [{choose}]) document.getElementById(id).click();\
         document.title = 'rows ' + [...document.querySelectorAll('tbody tr')]\
         .filter(row => row.getClientRects().length > 0).length;</script></body>"
    );
    let page = page.replace("Content-Security-Policy", "x-nothing").replace("</body>", &script);
    let (document, asked) = open(page);
    // Without the policy the browser also asks for an icon.
    assert!(asked.iter().all(|line| line.starts_with("GET http://report.test/")), "{asked:?}");
    let counted = document.split("<title>rows ").nth(1).unwrap_or_else(|| panic!("{document}"));
    counted.split('<').next().unwrap().parse().unwrap()
}

#[test]
#[cfg_attr(not(test_browser), ignore = "needs Chromium: set BEDROCK_ACCESS_TEST_BROWSER")]
fn the_matrix_is_filtered_without_a_script() {
    let page = Doctor::models(["--sandbox", "healthy", "--format", "html"]).run().stdout;
    assert!(!page.contains("<script"));
    let all = count_rows(&page, "");
    let shown = |choose: &str| count_rows(&page, choose);
    // The numbers stand in the labels.
    let says = |label: &str| -> usize {
        let rest = page.split(&format!("> {label} (")).nth(1).unwrap_or_else(|| panic!("{label}"));
        rest.split(')').next().unwrap().parse().unwrap()
    };
    assert_eq!(all, page.matches("<tr class=\"row").count());
    assert_eq!(shown("'k-1'"), says("foundation model"));
    assert_eq!(shown("'k-2'"), says("inference profile"));
    assert!(shown("'v-1'") == says("allowed") && says("allowed") < all);
    assert!(shown("'k-2', 'v-2'") < says("inference profile"), "two filters are one and the other");
    assert_eq!(shown("'k-2', 'k-0'"), all, "any shows all");
    let reset = page.replace("<button type=\"reset\">", "<button type=\"reset\" id=\"reset\">");
    assert_eq!(count_rows(&reset, "'k-2', 'reset'"), all);
}
