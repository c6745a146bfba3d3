//! `WatchOwnership`: what happens, to whoever wants to know, in order and without a gap.
//!
//! Nothing is pushed: each stream reads what follows its own position, when its caller has room, and the position is all that
//! it knows. Commits of this process ring a bell, so that it reads at once; those of others are found by looking, the less often
//! the longer nothing happens.

mod bell;
mod stream;

pub(crate) use bell::Bell;
pub(crate) use stream::changes;
