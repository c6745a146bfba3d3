//! Where in the source an expression stands.
//!
//! The parser remembers one token per expression (the operator, the dot, the opening bracket). The whole extent is
//! found again from the token list.

use std::ops::Range;

use cel::{
    IdedExpr,
    common::ast::{Expr, SourceInfo},
};

use super::limits::{Token, TokenKind};

/// Finds the spans of a parsed condition.
pub(super) struct Spans<'s> {
    source: &'s str,
    tokens: &'s [Token],
    info: &'s SourceInfo,
}

impl<'s> Spans<'s> {
    pub(super) fn new(source: &'s str, tokens: &'s [Token], info: &'s SourceInfo) -> Self {
        Self { source, tokens, info }
    }

    /// The bytes of the source that `expr` was written with, without brackets around the whole.
    pub(super) fn of(&self, expr: &IdedExpr) -> Range<usize> {
        self.bytes(self.extent(expr))
    }

    /// The text of [`Self::of`].
    pub(super) fn text(&self, expr: &IdedExpr) -> &'s str {
        self.slice(self.of(expr))
    }

    /// The text of a span.
    pub(super) fn slice(&self, span: Range<usize>) -> &'s str {
        self.source.get(span).unwrap_or_default()
    }

    fn bytes(&self, tokens: (usize, usize)) -> Range<usize> {
        match (self.tokens.get(tokens.0), self.tokens.get(tokens.1)) {
            (Some(first), Some(last)) if first.span.start < last.span.end => first.span.start..last.span.end,
            _ => 0..self.source.len(),
        }
    }

    /// The index of the token that the parser remembers.
    fn anchor(&self, expr: &IdedExpr) -> usize {
        let start = self.info.offset_for(expr.id).map_or(0, |(start, _)| start as usize);
        self.tokens.partition_point(|token| token.span.end <= start).min(self.tokens.len().saturating_sub(1))
    }

    /// First and last token.
    fn extent(&self, expr: &IdedExpr) -> (usize, usize) {
        let anchor = self.anchor(expr);
        let closing = self.tokens.get(anchor).map_or(anchor, |token| token.partner.min(self.tokens.len() - 1));
        match &expr.expr {
            Expr::Literal(_) if self.is_sign(anchor.wrapping_sub(1)) => (anchor - 1, anchor),
            Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => (anchor, anchor),
            Expr::Select(select) if select.test => (anchor.saturating_sub(1), closing),
            Expr::Select(select) => (self.widened(&select.operand).0, anchor + 1),
            Expr::List(_) | Expr::Map(_) | Expr::Struct(_) => (anchor, closing),
            Expr::Comprehension(each) => (self.widened(&each.iter_range).0, closing),
            Expr::Call(call) => {
                let is_bracket = self.tokens.get(anchor).is_some_and(|token| token.kind == TokenKind::Open);
                match (&call.target, call.args.as_slice()) {
                    (Some(target), _) => (self.widened(target).0, closing),
                    (None, [indexed, _])
                        if is_bracket && self.source.as_bytes()[self.tokens[anchor].span.start] == b'[' =>
                    {
                        (self.widened(indexed).0, closing)
                    }
                    (None, _) if is_bracket => (anchor.saturating_sub(1), closing),
                    (None, [operand]) => (anchor, self.widened(operand).1),
                    (None, [first, .., last]) => (self.widened(first).0, self.widened(last).1),
                    (None, []) => (anchor, anchor),
                }
            }
        }
    }

    /// The extent with all round brackets that enclose exactly it.
    fn widened(&self, expr: &IdedExpr) -> (usize, usize) {
        let (mut first, mut last) = self.extent(expr);
        while let Some(before) = first.checked_sub(1)
            && self.tokens[before].kind == TokenKind::Open
            && self.tokens[before].partner == last + 1
            && !self.is_call(before)
            && self.source.as_bytes()[self.tokens[before].span.start] == b'('
        {
            first = before;
            last += 1;
        }
        (first, last)
    }

    /// True when the bracket at `index` belongs to a function's name.
    fn is_call(&self, index: usize) -> bool {
        index
            .checked_sub(1)
            .and_then(|before| self.tokens.get(before))
            .is_some_and(|token| token.kind == TokenKind::Name && &self.source[token.span.clone()] != "in")
    }

    /// True when the token is the minus sign of a negative literal, rather than a subtraction.
    fn is_sign(&self, index: usize) -> bool {
        let text = |index: usize| self.tokens.get(index).map(|token| (token.kind, &self.source[token.span.clone()]));
        text(index).is_some_and(|(_, minus)| minus == "-")
            && index.checked_sub(1).and_then(text).is_none_or(|(kind, word)| {
                matches!(kind, TokenKind::Operator | TokenKind::Open | TokenKind::Comma) || word == "in"
            })
    }
}
