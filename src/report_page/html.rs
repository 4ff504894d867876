//! Text that is safe inside HTML.

/// Escapes text for element content and for attributes in double quotes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// A table that can be scrolled sideways; `class` may be empty, `head` and `body` are HTML.
pub(super) fn table(class: &str, label: &str, head: &str, body: &str) -> String {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\"><table{class}>\n<thead><tr>{head}</tr></thead>\n\
         <tbody>\n{body}</tbody></table></div>\n"
    )
}

/// Titles of columns, which are escaped.
pub(super) fn columns(titles: &[&str]) -> String {
    titles.iter().map(|title| format!("<th scope=\"col\">{}</th>", escape(title))).collect()
}

/// A string literal for JSON inside a `<script>` element: no tag can end it.
pub(super) fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_markup_gets_through() {
        assert_eq!(escape("<a b=\"c\" d='e'>&"), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
        assert_eq!(json_string("</script>\""), "\"\\u003c/script>\\\"\"");
    }
}
