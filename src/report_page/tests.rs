//! Run directories of every kind, whole and damaged.

use std::fmt::Write;
use std::fs;

use tempfile::TempDir;

use super::write;

const CONFIG: &str = "name = \"cartpole\"\nseed = 7\n\n[task]\nname = \"cartpole\"\n\n[search]\n\
                      strategy = \"eggroll\"\nsigma = 0.05\n\n[budget]\ntarget = 475.0\ntarget_statistic = \"mean\"\n";

fn line(generation: u32) -> String {
    let mean = f64::from(generation % 1000) / 2.0 + f64::from(generation % 7);
    format!(
        "{{\"generation\":{generation},\"evaluations\":{},\"best\":{},\"mean\":{mean},\"std\":{},\"min\":{},\
         \"q25\":{},\"median\":{mean},\"q75\":{},\"best_so_far\":500.0,\"failures\":{},\"failures_total\":3,\
         \"elapsed_s\":1.5,\"evaluations_per_s\":{},\"digest\":\"00ff00ff00ff00ff\",\"sigma\":0.05,\
         \"learning_rate\":{},\"update_norm\":{},\"theta_norm\":{}}}\n",
        u64::from(generation + 1) * 256,
        mean + 100.0 + f64::from(generation % 3),
        20.0 + f64::from(generation % 11),
        mean - 50.0 - f64::from(generation % 5),
        mean - 20.0,
        mean + 20.0,
        u32::from(generation.is_multiple_of(13)),
        90_000.5 + f64::from(generation % 17),
        0.1 / f64::from(generation + 1),
        1.0 / f64::from(generation % 50 + 1),
        10.0 + f64::from(generation) / 100.0,
    )
}

fn run_dir(generations: u32) -> TempDir {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let lines: String = (0..generations).map(line).collect();
    fs::write(folder.path().join("config.toml"), CONFIG).expect("written");
    fs::write(folder.path().join("metrics.jsonl"), lines).expect("written");
    folder
}

fn put(folder: &TempDir, name: &str, text: &str) {
    fs::write(folder.path().join(name), text).expect("written");
}

fn page(folder: &TempDir) -> String {
    let path = write(folder.path()).expect("a page");
    assert_eq!(path, folder.path().join("report.html"));
    let text = fs::read_to_string(path).expect("readable");
    assert_well_formed(&text);
    text
}

/// Every element is closed in turn, and no number went wrong.
fn assert_well_formed(page: &str) {
    const EMPTY: [&str; 4] = ["!DOCTYPE", "meta", "link", "line"];
    let (mut open, mut rest) = (Vec::new(), page);
    while let Some(start) = rest.find('<') {
        let end = rest[start..].find('>').expect("a tag ends") + start;
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        let name = tag.trim_start_matches('/').split([' ', '/']).next().expect("a name");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "</{name}> closes another element");
        } else if !tag.ends_with('/') && !EMPTY.contains(&name) {
            open.push(name);
        }
        if matches!(name, "style" | "script") && !tag.starts_with('/') {
            rest = &rest[rest.find(&format!("</{name}>")).expect("it ends")..];
        }
    }
    assert!(open.is_empty(), "not closed: {open:?}");
    for wrong in ["NaN", "inf%", "inf "] {
        assert!(!page.contains(wrong), "{wrong}");
    }
}

fn charts(page: &str) -> usize {
    page.matches("<figure class=\"chart").count()
}

#[test]
fn a_finished_run_has_its_figures_and_charts() {
    let folder = run_dir(120);
    let summary = "{\"name\":\"cartpole\",\"seed\":7,\"stopped_by\":\"target-reached\",\"generations\":120,\
                   \"evaluations\":30720,\"seconds\":61.5,\"best_fitness\":500.0,\"mean_fitness\":478.25,\
                   \"failures\":3,\"first_error\":\"a <b> broke\",\"digest\":\"0123456789abcdef\"}";
    put(&folder, "summary.json", summary);
    let page = page(&folder);
    for part in [
        "<h1>cartpole</h1>",
        "target reached",
        "478.25",
        "30,720",
        "1 min 02 s",
        "0123456789abcdef",
        "a &lt;b&gt; broke",
        "Learning curve",
        "target 475 (mean)",
        "Noise scale σ <b>0.05</b>",
        "strategy <b>eggroll</b>",
        "/config.toml</code>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    // The curve; spread, two norms, learning rate, throughput, failures.
    assert_eq!(charts(&page), 7);
    assert!(!folder.path().join("report.html.tmp").exists());
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let page = page(&run_dir(3));
    for loader in ["http:", "https:", "src=", "@import", "url(", "fetch("] {
        assert!(!page.contains(loader), "{loader}");
    }
}

#[test]
fn a_run_without_generations_or_files_has_a_page() {
    let nothing = tempfile::tempdir().expect("a scratch folder");
    let text = page(&nothing);
    assert!(
        text.contains("No generation has been recorded yet")
            && text.contains("config.toml is missing")
    );
    assert_eq!(charts(&page(&run_dir(0))), 0);
}

#[test]
fn one_generation_is_drawn() {
    let page = page(&run_dir(1));
    assert_eq!(charts(&page), 1);
    assert!(page.contains("h0\"") && page.contains("not finished"));
}

#[test]
fn a_run_in_which_everything_failed_has_a_page() {
    let folder = run_dir(0);
    let line = "{\"generation\":0,\"mean\":null,\"best\":null,\"std\":null,\"failures\":4,\"failures_total\":4}\n";
    put(&folder, "metrics.jsonl", line);
    assert!(page(&folder).contains("No generation has a fitness"));
}

#[test]
fn damaged_files_are_named_and_left_out() {
    let folder = run_dir(5);
    let mut text: String = (0..5).map(line).collect();
    let _ = write!(text, "{}", &line(5)[..40]);
    put(&folder, "metrics.jsonl", &text);
    put(&folder, "summary.json", "{\"name\": ");
    put(&folder, "config.toml", "name = = <script>");
    let page = page(&folder);
    for part in [
        "One line of metrics.jsonl is damaged",
        "summary.json is damaged",
        "config.toml is no TOML",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(page.contains("= &lt;script&gt;"), "the text is shown all the same");
}

#[test]
fn a_summary_from_before_a_resume_does_not_count() {
    let folder = run_dir(9);
    put(
        &folder,
        "summary.json",
        "{\"stopped_by\":\"time-limit\",\"generations\":5,\"mean_fitness\":1}",
    );
    let page = page(&folder);
    assert!(page.contains("not finished") && page.contains("before the run was resumed"));
}

#[test]
fn going_on_takes_more_of_what_was_spent() {
    let folder = run_dir(9);
    put(&folder, "config.toml", "[budget]\ngenerations = 9\nseconds = 2.5\n");
    let command = |reason: &str| {
        put(&folder, "summary.json", &format!("{{\"stopped_by\":\"{reason}\",\"generations\":9}}"));
        let page = page(&folder);
        let start = page.find("hatchery resume")?;
        let command = &page[start..][..page[start..].find('<')?];
        command.split_once(" --").map_or(Some("plain".into()), |(_, flags)| Some(flags.to_owned()))
    };
    assert_eq!(command("generation-limit").as_deref(), Some("generations 18"));
    assert_eq!(command("time-limit").as_deref(), Some("seconds 5"));
    assert_eq!(command("interrupted").as_deref(), Some("plain"));
    assert_eq!(command("target-reached"), None);
}

#[test]
fn names_cannot_break_the_page() {
    let folder = run_dir(2);
    let hostile = "</title><script>alert(1)</script>";
    put(&folder, "config.toml", &format!("name = \"{hostile}\"\n[output]\ndir = \"a b\"\n"));
    put(
        &folder,
        "metrics.jsonl",
        &format!("{{\"generation\":0,\"{hostile}\":1}}\n{{\"generation\":1,\"{hostile}\":2}}\n"),
    );
    let page = page(&folder);
    assert!(!page.contains("alert(1)</script><") && !page.contains("<script>alert"));
}

#[test]
fn a_long_run_has_a_small_page() {
    let page = page(&run_dir(100_000));
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
}

/// A small `design.json`; `abstains` is JSON.
fn shortlist(abstains: &str, column: &str) -> String {
    let candidate = |verdict: &str| {
        format!(
            "{{\"design\":{{\"{column}\":\"0.30000000000000004\"}},\"predicted\":9.5,\"low\":9.0,\"high\":null,\"low_95\":8.0,\
             \"high_95\":null,\"chance_of_improvement\":0.5,\"distance\":0.1,\"distance_percentile\":0.2,\"nearest_line\":7,\
             \"verdict\":\"{verdict}\",\"reasons\":[\"a < b\"],\"place\":[0.5,-0.25]}}"
        )
    };
    let rehearsal = "{\"model\":\"gp\",\"lift\":0.5,\"p\":0.01,\"rank_correlation\":0.8,\"over_prediction\":-0.25,\"hidden\":36,\"answers\":9,\
                     \"found\":8,\"found_by_chance\":4.5,\"points\":[[1.0,2.0],[3.0,2.5]]}";
    let epoch = |norm: f64| {
        format!(
            "{{\"loss\":1.5,\"validation\":null,\"norm\":{norm},\"multiplier\":0.001,\"curvature\":0.5}}"
        )
    };
    format!(
        "{{\"is_next\":false,\"table\":\"t\",\"rows\":90,\"columns\":[\"{column}\"],\"target\":\"yield\",\"maximize\":true,\
         \"described\":[\"{column}: real\"],\"notes\":[{{\"severity\":\"alarm\",\"text\":\"every row lies outside\"}}],\
         \"surrogate\":\"gp\",\"regulariser\":\"ignite\",\"searcher\":\"evolution\",\"abstains\":{abstains},\
         \"rehearsals\":[{rehearsal}],\"coverage\":[0.81,0.94],\"best_known\":9.25,\"candidates\":[{},{}],\
         \"pictured\":[[0.1,0.2,5.0,2],[-1.0,2.0,9.25,3]],\"shares\":[0.5,0.25],\"left_out\":[[5.0,5.5],[9.0,9.25]],\
         \"training\":[[{},{}],[{},{}]],\"again\":\"hatchery design 'a b.csv'\"}}",
        candidate("build"),
        candidate("explore"),
        epoch(2.0),
        epoch(1.5),
        epoch(2.5),
        epoch(1.0),
    )
}

#[test]
fn a_shortlist_has_its_rehearsal_candidates_and_pictures() {
    let folder = run_dir(0);
    put(&folder, "design.json", &shortlist("null", "dose"));
    put(&folder, "summary.json", "{\"stopped_by\":\"finished\",\"seconds\":2.5}");
    let page = page(&folder);
    for part in [
        "9.5<small>80 % interval 9 to ∞</small>",
        "<b>alarm</b> every row lies outside",
        "The 18 best rows were hidden",
        "8 of 9 found, 4.5 by chance",
        "<b>gp</b>, used",
        "class=\"sortable\"",
        "title=\"0.30000000000000004\">0.3</td>",
        "a &lt; b",
        "<span class=\"verdict explore\">explore</span>",
        "Rows and candidates",
        "first direction, 50 % of the variance",
        "Predicted against measured",
        "candidate 2: explore, predicted 9.5",
        "hatchery design &#39;a b.csv&#39;",
        "table.sortable",
    ] {
        assert!(page.contains(part), "{part}");
    }
    // Loss, sharpness, multiplier; held-out rows have no loss.
    assert_eq!(charts(&page), 3);
    assert_eq!(page.matches("<figure class=\"scatter\">").count(), 3);
    assert!(!self::page(&run_dir(3)).contains("table.sortable"), "other pages need no sorting");
}

#[test]
fn a_shortlist_that_is_not_to_be_trusted_says_so_first() {
    let folder = run_dir(0);
    put(&folder, "design.json", &shortlist("\"the rehearsal found nothing\"", "dose"));
    let page = page(&folder);
    let at = |part: &str| page.find(part).unwrap_or_else(|| panic!("{part}"));
    assert!(at("The rehearsal found nothing. What follows is for exploration") < at("<dl class"));
    assert!(page.contains("class=\"outcome warn\"") && page.contains("abstains"));
}

#[test]
fn a_damaged_or_hostile_shortlist_does_not_break_the_page() {
    let folder = run_dir(0);
    put(&folder, "design.json", "{\"candidates\": [");
    assert!(page(&folder).contains("design.json is damaged"));
    put(&folder, "design.json", "{}");
    assert!(page(&folder).contains("Candidates"));
    let hostile = "</td><script>alert(1)</script>";
    put(&folder, "design.json", &shortlist(&format!("\"{hostile}\""), hostile));
    assert!(!page(&folder).contains("<script>alert"));
}
