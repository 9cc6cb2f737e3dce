//! The program from outside: a real server on a port of its own, on each database.

#[cfg(test)]
mod actions;
#[cfg(test)]
mod api_docs;
#[cfg(test)]
mod api_keys;
#[cfg(test)]
mod app;
#[cfg(test)]
mod attacks;
#[cfg(test)]
mod attempts;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod bulk;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod conventions;
#[cfg(test)]
mod counts;
#[cfg(test)]
mod erasure;
#[cfg(test)]
mod events;
#[cfg(test)]
mod exports;
#[cfg(test)]
mod grid;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod outgoing_webhooks;
#[cfg(test)]
mod page;
#[cfg(test)]
mod problems;
#[cfg(test)]
mod reach;
#[cfg(test)]
mod reconciliations;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod second_factor;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod users;
#[cfg(test)]
mod webhooks;
