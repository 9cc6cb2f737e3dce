use database::DbErr;

use super::JobError;
use crate::channel::ChannelFailure;

/// Why a job that works on store orders could not go on.
pub(super) enum Failure {
    Store(prestashop::Error),
    Job(JobError),
}

impl From<prestashop::Error> for Failure {
    fn from(error: prestashop::Error) -> Self {
        Self::Store(error)
    }
}

impl From<JobError> for Failure {
    fn from(error: JobError) -> Self {
        Self::Job(error)
    }
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        Self::Job(error.into())
    }
}

impl From<ChannelFailure> for Failure {
    fn from(failure: ChannelFailure) -> Self {
        Self::Job(failure.into())
    }
}
