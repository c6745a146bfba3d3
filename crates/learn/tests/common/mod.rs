//! Histories made up by a seed.

#![allow(dead_code, reason = "not every test program uses all of it")]

use std::ops::ControlFlow;

use leadrouter_learn::{
    Attribute, BLANK, Cells, Column, History, Monotone, Options, Refusal, Settings, Table, Trained, train,
};

/// A generator of numbers that is good enough for tests (xorshift64*).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// From 0 to 1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// Two numbers, a category, blanks, and an outcome that depends on all of them and on a pair.
pub(crate) fn history(rows: usize, seed: u64) -> History {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let (mut size, mut visits, mut source, mut won) = (vec![], vec![], vec![], vec![]);
    for _ in 0..rows {
        let (s, v, c) = (dice.share() * 100.0, dice.below(20) as f64, dice.below(6));
        let blank = dice.share() < 0.1;
        let odds = -0.5 + (s - 50.0) / 25.0 + if v > 10.0 { 0.8 } else { 0.0 } + c as f64 * 0.3 - 0.7
            + if c == 2 && s > 50.0 { -2.0 } else { 0.0 }
            + if blank { -0.5 } else { 0.0 };
        won.push(dice.share() < 1.0 / (1.0 + (-odds).exp()));
        size.push(s);
        visits.push(if blank { f64::NAN } else { v });
        source.push(if dice.share() < 0.05 { BLANK } else { c as u32 });
    }
    let names = ["web", "event", "partner", "mail", "call", "rare"].map(str::to_owned).to_vec();
    let column = |name: &str, cells| Column { attribute: Attribute::new(name), cells };
    let table = Table::new(vec![
        column("size", Cells::Numbers(size)),
        column("visits", Cells::Numbers(visits)),
        column("source", Cells::Levels { names, codes: source }),
    ]);
    History { table, won, at: None }
}

pub(crate) fn quick() -> Options {
    Options { settings: Settings { bags: 2, ..Settings::default() }, ..Options::default() }
}

pub(crate) fn learn(history: &History, options: &Options) -> Result<Trained, Refusal> {
    train(history, options, &|_| ControlFlow::Continue(()))
}

pub(crate) fn bound(history: &mut History, name: &str, monotone: Monotone) {
    let columns = history.table.columns().iter().cloned().map(|mut column| {
        if column.attribute.name == name {
            column.attribute.monotone = monotone;
        }
        column
    });
    history.table = Table::new(columns.collect());
}
