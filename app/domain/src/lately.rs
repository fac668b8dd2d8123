//! What was read a moment ago and is believed without asking the database again.

use std::{
    array,
    hash::{BuildHasher as _, Hash, RandomState},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use moka::future::Cache;

/// For how long. A change on this node is noticed at once where it is told, one on another node within this time; by a stream,
/// which asks from time to time, within a second.
const BELIEVE: Duration = Duration::from_millis(500);
/// How many answers are kept at most.
const CAPACITY: u64 = 10_000;
/// Questions are told apart in so many parts: what makes one answer stale makes those of its part stale as well.
const PARTS: usize = 64;

/// Answers of the last half second, by question.
///
/// A change may commit between the moment when an answer was read and the moment when it is put here, and then be told before.
/// So an answer carries the state that its part was in before it was read, and is believed only while that is the state.
pub struct Lately<Q, A> {
    answers: Cache<Q, (Asked, A)>,
    changes: [AtomicU64; PARTS],
    hasher: RandomState,
}

/// Taken before an answer is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Asked(u64);

impl<Q, A> Default for Lately<Q, A>
where
    Q: Hash + Eq + Send + Sync + 'static,
    A: Clone + Send + Sync + 'static,
{
    fn default() -> Self {
        Self {
            answers: Cache::builder().max_capacity(CAPACITY).time_to_live(BELIEVE).build(),
            changes: array::from_fn(|_| AtomicU64::default()),
            hasher: RandomState::new(),
        }
    }
}

impl<Q, A> Lately<Q, A>
where
    Q: Hash + Eq + Send + Sync + 'static,
    A: Clone + Send + Sync + 'static,
{
    fn part(&self, question: &Q) -> &AtomicU64 {
        let part = self.hasher.hash_one(question) % PARTS as u64;
        &self.changes[part as usize]
    }

    /// Call it before the answer is read, and give [`Self::put`] what it answers.
    pub(crate) fn ask(&self, question: &Q) -> Asked {
        Asked(self.part(question).load(Ordering::SeqCst))
    }

    pub(crate) async fn get(&self, question: &Q) -> Option<A> {
        let (asked, answer) = self.answers.get(question).await?;
        (asked == self.ask(question)).then_some(answer)
    }

    pub(crate) async fn put(&self, question: Q, asked: Asked, answer: A) {
        self.answers.insert(question, (asked, answer)).await;
    }

    /// Something changed that this answer rests on.
    pub(crate) fn forget(&self, question: &Q) {
        self.part(question).fetch_add(1, Ordering::SeqCst);
    }

    /// Something changed that any answer may rest on.
    pub(crate) fn forget_all(&self) {
        for part in &self.changes {
            part.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_read_before_a_change_is_not_believed_after_it() {
        let lately = Lately::<&str, u8>::default();
        let asked = lately.ask(&"ada");
        lately.put("ada", asked, 1).await;
        assert_eq!(lately.get(&"ada").await, Some(1));
        lately.forget(&"ada");
        assert_eq!(lately.get(&"ada").await, None);
        // Read before the change, and put here after it.
        lately.put("ada", asked, 1).await;
        assert_eq!(lately.get(&"ada").await, None);
        let asked = lately.ask(&"ada");
        lately.put("ada", asked, 2).await;
        assert_eq!(lately.get(&"ada").await, Some(2));
        lately.forget_all();
        assert_eq!(lately.get(&"ada").await, None);
    }
}
