//! Where an item can go from where it is: one pure function. Whatever ends an item, or brings it back, asks here.

use super::Status;

/// Something that happens to an item as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Happening {
    /// Everybody who has to has said yes.
    Approved,
    /// A rule lets it through.
    LetThrough,
    /// Somebody has said no.
    Rejected,
    /// Somebody asks the agent instead.
    Asked,
    /// Another item takes its place.
    Edited,
    /// What it wants to change has changed since.
    MovedOn,
    /// Nobody has decided in time.
    TimedOut,
    /// Its run was cancelled.
    Cancelled,
    /// A yes is taken back before anything began.
    Withdrawn,
}

/// Where an item goes when this happens; `None`: it cannot happen there. Only people and rules approve, and time never does.
pub(super) const fn next(from: Status, what: Happening) -> Option<Status> {
    match (from, what) {
        (Status::Pending, Happening::Approved) => Some(Status::Approved),
        (Status::Pending, Happening::LetThrough) => Some(Status::AutoApproved),
        (Status::Pending, Happening::Rejected) => Some(Status::Rejected),
        (Status::Pending, Happening::Asked | Happening::Edited | Happening::MovedOn)
        // The executor looks once more at what it would change.
        | (Status::Approved | Status::AutoApproved, Happening::MovedOn) => Some(Status::Superseded),
        (Status::Pending, Happening::TimedOut) => Some(Status::TimedOut),
        (Status::Pending, Happening::Cancelled) => Some(Status::Cancelled),
        (Status::Approved | Status::AutoApproved, Happening::Withdrawn) => Some(Status::Pending),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Happening; 9] = [
        Happening::Approved,
        Happening::LetThrough,
        Happening::Rejected,
        Happening::Asked,
        Happening::Edited,
        Happening::MovedOn,
        Happening::TimedOut,
        Happening::Cancelled,
        Happening::Withdrawn,
    ];

    #[test]
    fn what_has_ended_stays_so_and_time_approves_nothing() {
        for from in [Status::Rejected, Status::TimedOut, Status::Cancelled, Status::Superseded] {
            assert!(ALL.iter().all(|what| next(from, *what).is_none()), "{from:?}");
        }
        for what in ALL {
            let approves = matches!(next(Status::Pending, what), Some(Status::Approved | Status::AutoApproved));
            assert_eq!(approves, matches!(what, Happening::Approved | Happening::LetThrough), "{what:?}");
        }
        assert_eq!(next(Status::Pending, Happening::TimedOut), Some(Status::TimedOut));
        for from in [Status::Approved, Status::AutoApproved] {
            assert_eq!(next(from, Happening::Withdrawn), Some(Status::Pending));
            assert!(next(from, Happening::Rejected).is_none() && next(from, Happening::TimedOut).is_none());
        }
    }
}
