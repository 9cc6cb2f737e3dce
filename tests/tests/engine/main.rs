//! The engine between both sandboxes, stepped by hand, on both databases.

#[cfg(test)]
mod channel;
#[cfg(test)]
mod import;
#[cfg(test)]
mod labs;
#[cfg(test)]
mod store_faults;
