//! Why a run stops being driven.

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;

use crate::{
    Error,
    agents::RunFailure,
    providers::{Failure, telemetry::RunSpan},
    usage::budgets,
};

/// Why a run stops being driven.
pub(in crate::agents) enum Stop {
    /// Another node has it now.
    Lost,
    /// A person cancelled it.
    Cancelled,
    /// It ends in an error that its people can understand.
    Failed(RunFailure),
    /// A fault of ours, or the database is away.
    Fault(Error),
}

impl Stop {
    /// Says so in the run's span, by its kind and without words.
    pub(super) fn note(&self, span: &RunSpan) {
        match self {
            Self::Lost => span.lost(),
            Self::Cancelled => span.cancelled(),
            Self::Failed(failure) => span.failed(&failure.kind),
            Self::Fault(error) => span.broke(error.code),
        }
    }
}

/// What came of driving a run. A panic is a fault of ours as any other, and ends it: else whoever claimed the run next would be driven
/// into it as well, and so on, with a call of the model each time.
pub(super) async fn caught(driving: impl Future<Output = Result<(), Stop>>) -> Result<(), Stop> {
    let driven = AssertUnwindSafe(driving).catch_unwind().await;
    driven.unwrap_or_else(|_| Err(Error::internal("whoever drove a run panicked").into()))
}

impl From<Error> for Stop {
    fn from(e: Error) -> Self {
        Self::Fault(e)
    }
}

impl From<budgets::Refused> for Stop {
    fn from(refused: budgets::Refused) -> Self {
        let budgets::Refused { kind, message, remedy } = refused;
        Self::Failed(RunFailure { kind: kind.to_owned(), message, remedy, said: None })
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(RunFailure {
            kind: failure.kind.as_str().to_owned(),
            message: failure.to_string(),
            remedy: failure.remedy().to_owned(),
            said: failure.said,
        })
    }
}
