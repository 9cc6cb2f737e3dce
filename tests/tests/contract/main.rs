//! The API document as a contract: it is whole, true of the running server, and enough to build a tool on.

#![cfg(test)]

mod additive;
mod lint;
mod made_up_requests;
mod talkative;
mod third_party;
