//! The commands that wait for a lane, and whose turn it is.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::{MAX_BATCH, QUEUE};

/// Most commands of the background in a commit while there are callers: it adds some ten milliseconds to what they wait for.
const BESIDE: usize = 64;
/// So long after the last caller another one is expected.
const BUSY: Duration = Duration::from_secs(1);

/// How long a command may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// A caller waits for the answer.
    Caller,
    /// Timers, imports and bulk operations: however many there are, callers hardly notice; however many callers there are, each
    /// commit takes some of these.
    Background,
}

/// Where commands are handed in, by urgency.
#[derive(Debug)]
pub(super) struct Doors<T> {
    callers: mpsc::Sender<T>,
    background: mpsc::Sender<T>,
}

impl<T> Doors<T> {
    pub(super) const fn of(&self, urgency: Urgency) -> &mpsc::Sender<T> {
        match urgency {
            Urgency::Caller => &self.callers,
            Urgency::Background => &self.background,
        }
    }
}

/// What was handed in and not taken yet.
#[derive(Debug)]
pub(super) struct Waiting<T> {
    callers: mpsc::Receiver<T>,
    background: mpsc::Receiver<T>,
    /// When a caller's command was last taken.
    called_at: Option<Instant>,
}

/// Two queues and their doors.
pub(super) fn queues<T>() -> (Doors<T>, Waiting<T>) {
    let ((callers, from_callers), (background, from_background)) = (mpsc::channel(QUEUE), mpsc::channel(QUEUE));
    let waiting = Waiting { callers: from_callers, background: from_background, called_at: None };
    (Doors { callers, background }, waiting)
}

impl<T> Waiting<T> {
    /// Waits for commands and takes those of the next commit. None: every door is gone, and all is taken.
    pub(super) async fn take(&mut self, taken: &mut Vec<T>) {
        let first = tokio::select! {
            biased;
            Some(command) = self.callers.recv() => {
                self.called_at = Some(Instant::now());
                command
            }
            Some(command) = self.background.recv() => command,
            else => return,
        };
        taken.push(first);
        while taken.len() < MAX_BATCH
            && let Ok(command) = self.callers.try_recv()
        {
            self.called_at = Some(Instant::now());
            taken.push(command);
        }
        let busy = self.called_at.is_some_and(|at| at.elapsed() < BUSY);
        let most = if busy { taken.len() + BESIDE } else { MAX_BATCH };
        while taken.len() < most
            && let Ok(command) = self.background.try_recv()
        {
            taken.push(command);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    async fn next<T>(waiting: &mut Waiting<T>) -> Vec<T> {
        let mut taken = Vec::new();
        waiting.take(&mut taken).await;
        taken
    }

    /// Who handed it in, and which one it is.
    type Item = (Urgency, usize);

    async fn hand_in(doors: &Doors<Item>, urgency: Urgency, items: usize) {
        for item in 0..items {
            doors.of(urgency).send((urgency, item)).await.unwrap();
        }
    }

    fn count(taken: &[Item], urgency: Urgency) -> usize {
        taken.iter().filter(|(of, _)| *of == urgency).count()
    }

    #[tokio::test]
    async fn a_caller_passes_all_of_the_background() {
        let (doors, mut waiting) = queues();
        hand_in(&doors, Urgency::Background, 1_000).await;
        hand_in(&doors, Urgency::Caller, 1).await;
        let taken = next(&mut waiting).await;
        assert_eq!(taken[0], (Urgency::Caller, 0));
        assert_eq!(taken.len(), 1 + BESIDE);
        // Another caller may come at any moment.
        assert_eq!(next(&mut waiting).await.len(), 1 + BESIDE);
    }

    #[tokio::test]
    async fn the_background_gets_on_whatever_callers_do() {
        let (doors, mut waiting) = queues();
        hand_in(&doors, Urgency::Background, 2 * BESIDE).await;
        hand_in(&doors, Urgency::Caller, 3 * MAX_BATCH).await;
        for round in 0..3 {
            let taken = next(&mut waiting).await;
            assert_eq!(count(&taken, Urgency::Caller), MAX_BATCH);
            assert_eq!(count(&taken, Urgency::Background), if round < 2 { BESIDE } else { 0 });
        }
    }

    #[tokio::test]
    async fn with_nobody_else_there_it_gets_everything_in_order_to_the_end() {
        let (doors, mut waiting) = queues();
        hand_in(&doors, Urgency::Background, MAX_BATCH + 7).await;
        drop(doors);
        let (first, second) = (next(&mut waiting).await, next(&mut waiting).await);
        assert_eq!((first.len(), second.len()), (MAX_BATCH, 7));
        assert!(first.iter().chain(&second).map(|(_, item)| *item).eq(0..MAX_BATCH + 7));
        assert_eq!(next(&mut waiting).await, []);
    }
}
