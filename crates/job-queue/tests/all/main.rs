//! The queue from outside, on every database.

#[cfg(test)]
mod rules;
#[cfg(test)]
mod test_queue;
#[cfg(test)]
mod worker;
