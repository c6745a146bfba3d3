//! What a condition's text may be at most, checked before it is parsed.
//!
//! The parser that follows recurses over what it reads and would take the whole process down on hostile input, so a small
//! scanner of our own looks at the tokens first. It accepts less than CEL does (no raw, triple-quoted or byte strings, no
//! escaped names), and it never sees fewer tokens than the parser will: what it can't read, it refuses.

use std::ops::Range;

use super::error::ExprError;

/// Longest source, in bytes.
pub const MAX_SOURCE: usize = 4 * 1024;

/// Most nodes: names, literals, operators and lists. Brackets, dots and commas are not counted.
pub const MAX_NODES: usize = 200;

/// Deepest nesting: brackets in each other, and `?:` after one another.
pub const MAX_DEPTH: usize = 32;

/// Most lexical errors that are worth telling of one condition.
const MAX_ERRORS: usize = 10;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    Name,
    Number,
    Text,
    Operator,
    Open,
    Close,
    Dot,
    Comma,
}

/// One token of a condition.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// Bytes of the source.
    pub(super) span: Range<usize>,
    /// For brackets: the index of the token that is its other half.
    pub(super) partner: usize,
}

/// Splits a condition into tokens and holds it to the limits.
pub(super) fn scan(source: &str) -> Result<Vec<Token>, Vec<ExprError>> {
    if source.len() > MAX_SOURCE {
        let message = format!("the condition has {} bytes; at most {MAX_SOURCE} are allowed", source.len());
        return Err(vec![ExprError::new(0..source.len(), message)]);
    }
    let mut scanner =
        Scanner { source, at: 0, tokens: Vec::new(), open: Vec::new(), nodes: 0, choices: 0, errors: Vec::new() };
    while scanner.errors.len() < MAX_ERRORS && scanner.step() {}
    scanner.finish()
}

struct Scanner<'s> {
    source: &'s str,
    at: usize,
    tokens: Vec<Token>,
    /// Indices of the brackets that are open.
    open: Vec<usize>,
    nodes: usize,
    choices: usize,
    errors: Vec<ExprError>,
}

impl Scanner<'_> {
    /// Reads one token or blank; false at the end.
    fn step(&mut self) -> bool {
        let start = self.at;
        let Some(next) = self.source[start..].chars().next() else { return false };
        match next {
            ' ' | '\t' | '\r' | '\n' | '\x0c' => self.at += 1,
            '/' if self.rest().starts_with("//") => self.skip(|c| c != '\n'),
            'a'..='z' | 'A'..='Z' | '_' => self.name(),
            '0'..='9' => self.number(),
            '.' if self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) => self.number(),
            '"' | '\'' => self.text(next),
            '(' | '[' | '{' => self.opening(),
            ')' | ']' | '}' => self.closing(next),
            '.' => self.push(TokenKind::Dot, 1),
            ',' => self.push(TokenKind::Comma, 1),
            _ => self.operator(next),
        }
        true
    }

    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn skip(&mut self, wanted: impl Fn(char) -> bool) {
        self.at += self.rest().find(|c| !wanted(c)).unwrap_or(self.source.len() - self.at);
    }

    fn push(&mut self, kind: TokenKind, length: usize) {
        self.push_from(kind, self.at, self.at + length);
    }

    fn push_from(&mut self, kind: TokenKind, start: usize, end: usize) {
        self.at = end;
        if matches!(kind, TokenKind::Name | TokenKind::Number | TokenKind::Text | TokenKind::Operator) {
            self.nodes += 1;
        }
        self.tokens.push(Token { kind, span: start..end, partner: usize::MAX });
    }

    fn error(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.errors.push(ExprError::new(span, message));
    }

    fn name(&mut self) {
        let start = self.at;
        self.skip(|c| c.is_ascii_alphanumeric() || c == '_');
        if self.rest().starts_with(['"', '\'']) {
            let span = start..self.at + 1;
            self.error(span, "a text starts with its quotation mark: raw (r\"..\") and byte (b\"..\") texts are not part of the language");
        }
        self.push_from(TokenKind::Name, start, self.at);
    }

    fn number(&mut self) {
        let start = self.at;
        if self.rest().starts_with("0x") {
            self.at += 2;
            self.skip(|c| c.is_ascii_hexdigit());
        } else {
            self.skip(|c| c.is_ascii_digit());
            if self.rest().starts_with('.') && self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) {
                self.at += 1;
                self.skip(|c| c.is_ascii_digit());
            }
            if let Some(exponent) = self.rest().strip_prefix(['e', 'E']) {
                let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
                if digits.starts_with(|c: char| c.is_ascii_digit()) {
                    self.at = self.source.len() - digits.len();
                    self.skip(|c| c.is_ascii_digit());
                }
            }
        }
        if self.rest().starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            let number_end = self.at;
            self.skip(|c| c.is_ascii_alphanumeric() || c == '_');
            let message = format!(
                "`{}` is not a number: `{}` can't follow `{}` (a text needs quotation marks)",
                &self.source[start..self.at],
                &self.source[number_end..self.at],
                &self.source[start..number_end]
            );
            self.error(start..self.at, message);
        }
        self.push_from(TokenKind::Number, start, self.at);
    }

    fn text(&mut self, quote: char) {
        let start = self.at;
        let triple = [quote; 3].iter().collect::<String>();
        if self.rest().starts_with(&triple) {
            self.error(start..start + 3, "triple-quoted texts are not part of the language: use one quotation mark");
            self.at = self.source.len();
            return;
        }
        let mut end = start + 1;
        loop {
            match self.source[end..].chars().next() {
                None | Some('\n' | '\r') => {
                    self.error(start..end, format!("the text that starts here has no closing {quote}"));
                    break;
                }
                Some('\\') => {
                    let length = escape_length(&self.source[end..]);
                    if let Some(length) = length {
                        end += length;
                    } else {
                        let span =
                            end..self.source[end..].char_indices().nth(2).map_or(self.source.len(), |(i, _)| end + i);
                        let message =
                            format!("`{}` is not an escape; write \\\\ for a backslash", &self.source[span.clone()]);
                        end = span.end;
                        self.error(span, message);
                    }
                }
                Some(c) => {
                    end += c.len_utf8();
                    if c == quote {
                        break;
                    }
                }
            }
        }
        self.push_from(TokenKind::Text, start, end);
    }

    fn opening(&mut self) {
        self.open.push(self.tokens.len());
        if self.rest().starts_with(['[', '{']) {
            self.nodes += 1;
        }
        self.push(TokenKind::Open, 1);
        self.hold_depth();
    }

    fn closing(&mut self, close: char) {
        let span = self.at..self.at + 1;
        let index = self.tokens.len();
        self.push(TokenKind::Close, 1);
        let Some(opening) = self.open.pop() else {
            return self.error(span, format!("this `{close}` closes nothing"));
        };
        let open = self.source.as_bytes()[self.tokens[opening].span.start];
        let expected = match open {
            b'(' => ')',
            b'[' => ']',
            _ => '}',
        };
        if close != expected {
            self.error(span, format!("this `{close}` does not match the `{}` before it", char::from(open)));
        }
        self.tokens[opening].partner = index;
        self.tokens[index].partner = opening;
    }

    fn operator(&mut self, next: char) {
        const TWO: [&str; 6] = ["==", "!=", "<=", ">=", "&&", "||"];
        if let Some(two) = TWO.iter().find(|two| self.rest().starts_with(**two)) {
            return self.push(TokenKind::Operator, two.len());
        }
        let span = self.at..self.at + next.len_utf8();
        match next {
            '<' | '>' | '!' | '?' | ':' | '+' | '-' | '*' | '/' | '%' => {
                self.push(TokenKind::Operator, 1);
                if next == '?' {
                    self.choices += 1;
                    self.hold_depth();
                }
                return;
            }
            '=' => self.error(span.clone(), "write == to compare"),
            '&' => self.error(span.clone(), "write && for `and`"),
            '|' => self.error(span.clone(), "write || for `or`"),
            '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2018}' | '\u{2019}' => {
                self.error(span.clone(), format!("write a text in straight quotation marks (\"), not in {next}"));
            }
            _ if next.is_whitespace() => {
                self.error(span.clone(), format!("write a plain space instead of U+{:04X}", u32::from(next)));
            }
            _ => self.error(span.clone(), format!("{next:?} is not part of the language")),
        }
        self.at = span.end;
    }

    fn hold_depth(&mut self) {
        if self.open.len() + self.choices == MAX_DEPTH + 1 {
            let span = self.at - 1..self.at;
            self.error(span, format!("the condition is nested more than {MAX_DEPTH} deep here"));
        }
    }

    fn finish(mut self) -> Result<Vec<Token>, Vec<ExprError>> {
        if self.errors.len() < MAX_ERRORS {
            for opening in std::mem::take(&mut self.open) {
                let span = self.tokens[opening].span.clone();
                let message = format!("this `{}` is never closed", &self.source[span.clone()]);
                self.error(span, message);
            }
        }
        if self.nodes > MAX_NODES {
            let message = format!(
                "the condition has {} names, literals and operators; at most {MAX_NODES} are allowed",
                self.nodes
            );
            self.error(0..self.source.len(), message);
        }
        if self.tokens.is_empty() && self.errors.is_empty() {
            self.error(0..self.source.len(), "the condition is empty; write `true` to match every lead");
        }
        if self.errors.is_empty() { Ok(self.tokens) } else { Err(self.errors) }
    }
}

/// The length of the escape at the start of `text`, `None` when CEL has no such escape.
fn escape_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let all = |range: Range<usize>, wanted: fn(&u8) -> bool| bytes.get(range).is_some_and(|b| b.iter().all(wanted));
    let hex = |digits: usize| all(2..2 + digits, u8::is_ascii_hexdigit).then_some(2 + digits);
    match bytes.get(1)? {
        b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'"' | b'\'' | b'\\' | b'?' | b'`' => Some(2),
        b'0'..=b'3' => all(2..4, |b| matches!(b, b'0'..=b'7')).then_some(4),
        b'x' | b'X' => hex(2),
        b'u' => hex(4),
        b'U' => hex(8),
        _ => None,
    }
}

/// Words of the language that are no names, and those that CEL keeps for itself.
const RESERVED: [&str; 21] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

/// True when a condition can use `text` as a name.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !RESERVED.contains(&text)
}
