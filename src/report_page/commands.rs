//! The commands that go on from here.

use super::html::escape;
use super::run_files::RunFiles;

/// How to repeat the run, judge it and go on; nothing without a configuration.
pub(super) fn section(files: &RunFiles) -> String {
    if files.config_text.is_empty() {
        return String::new();
    }
    if let Some(again) = files.design.as_ref().and_then(|design| design.again()) {
        let again = escape(again);
        return format!(
            "<section>\n<h2>Do it again</h2>\n<dl class=\"commands\">\n<dt>repeat it, to the bit</dt><dd><code>{again}</code></dd>\n</dl>\n</section>\n"
        );
    }
    let text = files.path.display().to_string();
    let dir = match text.trim_end_matches('/') {
        "" => ".",
        trimmed => trimmed,
    };
    let out = match files.configured("output", "dir") {
        // Without it the run would be refused, for its directory is taken.
        Some(_) => format!(" --out {}", quoted(&format!("{dir}-again"))),
        None => String::new(),
    };
    let again = format!("hatchery run {}{out}", quoted(&format!("{dir}/config.toml")));
    let mut commands = vec![("repeat it, to the bit", again)];
    if files.formulas.is_some() {
        let command = format!("hatchery predict {} new.csv --out predicted.csv", quoted(dir));
        commands.push(("predict for new rows", command));
    } else if files.programs.is_none() {
        commands.push(("judge what was learned", format!("hatchery eval {}", quoted(dir))));
    } else {
        let rule = quoted(&format!("{dir}/discovered.txt"));
        commands.push((
            "score the rule",
            format!("hatchery program score {rule} --proxy t1 --seeds 16"),
        ));
        commands.push(("take it along", format!("hatchery program export {rule} --as pytorch")));
    }
    if let Some(flags) = go_on(files) {
        commands.push(("go on", format!("hatchery resume {}{flags}", quoted(dir))));
    }
    let line = |(what, command): (&str, String)| {
        format!("<dt>{what}</dt><dd><code>{}</code></dd>\n", escape(&command))
    };
    let lines: String = commands.into_iter().map(line).collect();
    format!("<section>\n<h2>Do it again</h2>\n<dl class=\"commands\">\n{lines}</dl>\n</section>\n")
}

/// What to give `hatchery resume`: twice the limit that ended the run. None if more of it would not help.
fn go_on(files: &RunFiles) -> Option<String> {
    let key = match files.said("stopped_by") {
        None | Some("interrupted") => return Some(String::new()),
        Some("generation-limit") => "generations",
        Some("evaluation-limit") => "evaluations",
        Some("time-limit") => "seconds",
        Some(_) => return None,
    };
    let limit = files.configured("budget", key)?;
    match limit.as_integer() {
        Some(limit) => Some(format!(" --{key} {}", limit.saturating_mul(2))),
        None => Some(format!(" --{key} {}", 2.0 * limit.as_float()?)),
    }
}

/// A word for a shell.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+,=@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_only_if_a_shell_would_split_them() {
        assert_eq!(quoted("runs/a-1"), "runs/a-1");
        assert_eq!(quoted("my runs/it's"), r"'my runs/it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
