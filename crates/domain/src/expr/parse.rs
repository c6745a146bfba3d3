//! From text to the syntax tree of the `cel` crate.

use std::{ops::Range, thread};

use cel::{IdedExpr, ParseError, common::ast::SourceInfo, parser::Parser};

use super::{
    error::ExprError,
    limits::{MAX_DEPTH, Token},
};

/// Stack of the thread that parses. The worst condition within the limits (a chain of 200 operators, brackets 32
/// deep) needs under a megabyte of it, also without optimisation; only what is used is ever made real.
const STACK: usize = 16 * 1024 * 1024;

/// Parses a condition that is within the limits.
///
/// On a thread of its own: the parser recurses, and how much stack is left on the caller's is anybody's guess. A panic in
/// it stays there, too.
pub(super) fn parse(source: &str, tokens: &[Token]) -> Result<(IdedExpr, SourceInfo), Vec<ExprError>> {
    let whole = || 0..source.len();
    thread::scope(|scope| {
        let parser = thread::Builder::new().name("condition".to_owned()).stack_size(STACK).spawn_scoped(scope, || {
            let depth = u16::try_from(2 * MAX_DEPTH).unwrap_or(u16::MAX);
            Parser::new()
                .max_recursion_depth(depth)
                .parse_with_source_info(source)
                .map_err(|errors| explain(source, tokens, &errors.errors))
        });
        match parser.map(thread::ScopedJoinHandle::join) {
            Ok(Ok(parsed)) => parsed,
            Ok(Err(_)) => Err(vec![ExprError::new(whole(), "the condition can't be read; write it differently")]),
            Err(error) => Err(vec![ExprError::new(whole(), format!("no thread to read the condition with: {error}"))]),
        }
    })
}

/// The parser's errors in our words. Of syntax errors only the first is told: those after it mostly follow from it.
fn explain(source: &str, tokens: &[Token], errors: &[ParseError]) -> Vec<ExprError> {
    let mut explained = Vec::new();
    let mut syntax = false;
    for error in errors {
        let span = place(source, tokens, error.pos);
        let word = &source[span.clone()];
        if error.msg.starts_with("Syntax error") || error.pos == (0, 0) {
            if !std::mem::replace(&mut syntax, true) {
                let before =
                    tokens.iter().rev().find(|token| token.span.end <= span.start).map(|token| token.span.clone());
                let not = before.filter(|before| source[before.clone()].eq_ignore_ascii_case("not"));
                let span = not.unwrap_or(span);
                explained.push(ExprError::new(span.clone(), unexpected(&source[span])));
            }
        } else if error.msg.starts_with("reserved identifier") {
            explained.push(ExprError::new(span.clone(), format!("`{word}` is a word that CEL keeps for itself")));
        } else if error.msg.contains("has()") {
            let message = "has() takes the name of a field, such as has(lead.country)";
            explained.push(ExprError::new(span, message));
        } else if error.msg.contains("literal") {
            let message = format!("`{word}` is not a value that can be written: {}", error.msg);
            explained.push(ExprError::new(span, message));
        } else if !syntax {
            explained.push(ExprError::new(span, error.msg.clone()));
        }
    }
    if explained.is_empty() {
        explained.push(ExprError::new(0..source.len(), "the condition can't be read"));
    }
    explained
}

fn unexpected(word: &str) -> String {
    match word.to_ascii_lowercase().as_str() {
        "" => "the condition ends too early: something is missing here".to_owned(),
        "and" => format!("write && instead of `{word}`"),
        "or" => format!("write || instead of `{word}`"),
        "not" => format!("write ! instead of `{word}`"),
        "is" | "equals" => format!("write == instead of `{word}`"),
        _ => format!("`{word}` is not expected here"),
    }
}

/// The token at a line (from 1) and a column (from 1, in characters); the end of the source when there is none.
fn place(source: &str, tokens: &[Token], (line, column): (isize, isize)) -> Range<usize> {
    let line = usize::try_from(line - 1).unwrap_or(0);
    let column = usize::try_from(column - 1).unwrap_or(0);
    let line_start: usize = source.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = source.get(line_start..).unwrap_or_default();
    let at = line_start + rest.char_indices().nth(column).map_or(rest.len(), |(offset, _)| offset);
    match tokens.iter().find(|token| token.span.end > at) {
        Some(token) if token.span.start <= at => token.span.clone(),
        _ => {
            let end = tokens.last().map_or(0, |token| token.span.end);
            end..end
        }
    }
}
