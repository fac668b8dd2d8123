//! What was read a moment ago and is believed without asking the database again.

use std::{hash::Hash, time::Duration};

use moka::future::Cache;

/// For how long. A change on this node is noticed at once where it is told, one on another node within this time.
const BELIEVE: Duration = Duration::from_secs(1);
/// How many answers are kept at most.
const CAPACITY: u64 = 10_000;

/// Answers of the last second, by question.
pub struct Lately<Q, A>(Cache<Q, A>);

impl<Q, A> Default for Lately<Q, A>
where
    Q: Hash + Eq + Send + Sync + 'static,
    A: Clone + Send + Sync + 'static,
{
    fn default() -> Self {
        Self(Cache::builder().max_capacity(CAPACITY).time_to_live(BELIEVE).build())
    }
}

impl<Q, A> Lately<Q, A>
where
    Q: Hash + Eq + Send + Sync + 'static,
    A: Clone + Send + Sync + 'static,
{
    pub(crate) async fn get(&self, question: &Q) -> Option<A> {
        self.0.get(question).await
    }

    pub(crate) async fn put(&self, question: Q, answer: A) {
        self.0.insert(question, answer).await;
    }

    /// Something changed that any answer may rest on.
    pub(crate) fn forget_all(&self) {
        self.0.invalidate_all();
    }
}
