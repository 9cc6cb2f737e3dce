//! The engine between both sandboxes, stepped by hand, on both databases.

#[cfg(test)]
mod alerting;
#[cfg(test)]
mod asking;
#[cfg(test)]
mod attempts;
#[cfg(test)]
mod breakers;
#[cfg(test)]
mod bundles;
#[cfg(test)]
mod canceling;
#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod channel;
#[cfg(test)]
mod clock_skew;
#[cfg(test)]
mod fairness;
#[cfg(test)]
mod given_up_carts;
#[cfg(test)]
mod hold;
#[cfg(test)]
mod import;
#[cfg(test)]
mod import_actions;
#[cfg(test)]
mod labs;
#[cfg(test)]
mod leases;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod meanwhile;
#[cfg(test)]
mod mending;
#[cfg(test)]
mod multistore;
#[cfg(test)]
mod odd_skus;
#[cfg(test)]
mod odd_stores;
#[cfg(test)]
mod polling;
#[cfg(test)]
mod private_addresses;
#[cfg(test)]
mod reconciling;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod shipping;
#[cfg(test)]
mod stopping;
#[cfg(test)]
mod store_faults;
#[cfg(test)]
mod store_side;
#[cfg(test)]
mod taxes;
#[cfg(test)]
mod transitions;
#[cfg(test)]
mod unreadable;
#[cfg(test)]
mod write_back;
