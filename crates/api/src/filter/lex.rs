//! Words, quoted texts and `=`.

use std::{fmt, iter::Peekable, str::Chars};

use crate::names::shorten;

/// A part of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A field, a bare value, or `AND`.
    Word(String),
    /// A value in double quotes, without them.
    Quoted(String),
    /// `=`.
    Equals,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(f, "`{}`", shorten(word)),
            Self::Quoted(text) => write!(f, "`\"{}\"`", shorten(text)),
            Self::Equals => f.write_str("`=`"),
        }
    }
}

/// Cuts a filter into its parts.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(&next) = rest.peek() {
        match next {
            _ if next.is_whitespace() => {
                rest.next();
            }
            '=' => {
                rest.next();
                tokens.push(Token::Equals);
            }
            '"' => {
                rest.next();
                tokens.push(Token::Quoted(quoted(&mut rest)?));
            }
            _ if is_word(next) => {
                let mut word = String::new();
                while let Some(c) = rest.next_if(|c| is_word(*c)) {
                    word.push(c);
                }
                tokens.push(Token::Word(word));
            }
            _ => return Err(format!("holds `{next}`: only comparisons `field = value` joined by `AND` are read here")),
        }
    }
    Ok(tokens)
}

fn quoted(rest: &mut Peekable<Chars<'_>>) -> Result<String, String> {
    let mut text = String::new();
    while let Some(c) = rest.next() {
        match c {
            '"' => return Ok(text),
            '\\' => match rest.next() {
                Some(escaped @ ('"' | '\\')) => text.push(escaped),
                _ => return Err("holds a `\\` in quotes that is not followed by `\"` or `\\`".to_owned()),
            },
            _ => text.push(c),
        }
    }
    Err("ends within a text in quotes: expected `\"`".to_owned())
}

/// What resource names, enum values and times are made of.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.' | ':' | '+')
}
