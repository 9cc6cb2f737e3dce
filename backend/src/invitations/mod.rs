//! Invitations: one endpoint per file. No mail is sent; the link is shown once to whoever invites.

mod accept;
mod create;
mod get;
mod list;
mod withdraw;

pub use accept::accept_invitation;
pub use create::invite;
pub use get::get_invitation;
pub use list::list_invitations;
pub use withdraw::withdraw_invitation;
