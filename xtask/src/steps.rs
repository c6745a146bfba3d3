//! Steps with names and times, and the table of them.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// The steps that ran, and how they ended.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<(String, Duration, Result<(), String>)>,
}

impl Steps {
    /// Runs one; a failure is noted and the next may go on.
    pub(crate) fn run(&mut self, name: &str, step: impl FnOnce() -> Result<()>) -> bool {
        println!("\n== {name}");
        let start = Instant::now();
        let result = step().map_err(|error| format!("{error:#}"));
        if let Err(error) = &result {
            eprintln!("== {name}: {error}");
        }
        let passed = result.is_ok();
        self.done.push((name.to_owned(), start.elapsed(), result));
        passed
    }

    /// Prints a line for each step; an error if one failed.
    pub(crate) fn finish(self) -> Result<()> {
        println!("\n{}", self.table());
        let failed = self.done.iter().filter(|(_, _, result)| result.is_err()).count();
        if failed > 0 {
            bail!("{failed} of {} steps failed", self.done.len());
        }
        Ok(())
    }

    /// How many passed, and how many did not.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let passed = self.done.iter().filter(|(_, _, result)| result.is_ok()).count();
        (passed, self.done.len() - passed)
    }

    fn table(&self) -> String {
        let width = self.done.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
        let lines = self.done.iter().map(|(name, took, result)| {
            let end =
                result.as_ref().map_or_else(|error| format!("FAILED  {}", first_line(error)), |()| "ok".to_owned());
            format!("{name:width$}  {:>7.1} s  {end}", took.as_secs_f64())
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_is_counted_and_named_and_the_next_one_runs() {
        let mut steps = Steps::default();
        assert!(steps.run("one", || Ok(())));
        assert!(!steps.run("second", || bail!("reason\nand more")));
        assert!(steps.run("three", || Ok(())));
        assert_eq!(steps.counts(), (2, 1));
        let table = steps.table();
        assert!(table.contains("second      0.0 s  FAILED  reason\n"), "{table}");
        assert!(steps.finish().is_err());
    }
}
