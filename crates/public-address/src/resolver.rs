use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::{Destinations, Refused, is_public};

/// Resolves names for an HTTP client, and leaves out every address that may not be reached. It is asked each time that a
/// connection is made, and the connection goes to what it answered: nothing can change in between.
#[derive(Clone)]
pub struct Resolver {
    names: Arc<dyn Resolve>,
    destinations: Destinations,
}

impl Resolver {
    /// Asks the system.
    #[must_use]
    pub fn new(destinations: Destinations) -> Self {
        Self::over(Arc::new(System), destinations)
    }

    /// Asks another resolver, and trusts it as little.
    #[must_use]
    pub fn over(names: Arc<dyn Resolve>, destinations: Destinations) -> Self {
        Self { names, destinations }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (answer, destinations) = (self.names.resolve(name), self.destinations);
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = answer.await?.collect();
            let may_be_reached =
                |address: &SocketAddr| destinations == Destinations::Anywhere || is_public(address.ip());
            let kept: Vec<SocketAddr> = addresses.iter().copied().filter(may_be_reached).collect();
            if kept.is_empty() && !addresses.is_empty() {
                return Err(Refused::Private.into());
            }
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

struct System;

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The client replaces port 0 by the one of the address.
            let addresses: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Answers with the first list, then with the second, and so on.
    struct Changing(Mutex<Vec<Vec<SocketAddr>>>);

    impl Changing {
        fn names(answers: &[&[&str]]) -> Arc<Self> {
            let address = |text: &&str| SocketAddr::new(text.parse().unwrap(), 0);
            let answers = answers.iter().rev().map(|answer| answer.iter().map(address).collect());
            Arc::new(Self(Mutex::new(answers.collect())))
        }
    }

    impl Resolve for Changing {
        fn resolve(&self, _: Name) -> Resolving {
            let answer = self.0.lock().unwrap().pop().unwrap_or_default();
            Box::pin(async move { Ok(Box::new(answer.into_iter()) as Addrs) })
        }
    }

    async fn resolved(resolver: &Resolver) -> Result<Vec<String>, String> {
        let answer = resolver.resolve("shop.example".parse().unwrap()).await;
        answer.map(|found| found.map(|address| address.ip().to_string()).collect()).map_err(|e| e.to_string())
    }

    #[tokio::test]
    async fn a_name_that_later_leads_into_a_private_network_leads_nowhere() {
        let names = Changing::names(&[&["93.184.216.34"], &["127.0.0.1"], &["::ffff:10.0.0.1"]]);
        let resolver = Resolver::over(names, Destinations::Public);

        assert_eq!(resolved(&resolver).await.unwrap(), ["93.184.216.34"]);
        for _ in 0..2 {
            assert_eq!(resolved(&resolver).await.unwrap_err(), Refused::Private.to_string());
        }
    }

    #[tokio::test]
    async fn of_several_addresses_only_the_public_ones_are_used() {
        let names = Changing::names(&[&["10.0.0.1", "93.184.216.34", "169.254.169.254"]]);

        let found = resolved(&Resolver::over(names, Destinations::Public)).await;

        assert_eq!(found.unwrap(), ["93.184.216.34"]);
    }

    #[tokio::test]
    async fn a_client_connects_to_what_was_resolved_and_to_nothing_private() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = wiremock::MockServer::start().await;
        let url = format!("http://shop.example:{}/", server.address().port());
        let get = async |destinations| {
            let resolver = Resolver::over(Changing::names(&[&["127.0.0.1"]]), destinations);
            let http = reqwest::Client::builder().no_proxy().dns_resolver(resolver).build().unwrap();
            http.get(&url).send().await
        };

        assert!(get(Destinations::Anywhere).await.is_ok(), "the server is there");
        let error = get(Destinations::Public).await.unwrap_err();
        assert!(error.is_connect(), "{error:?}");
        assert_eq!(server.received_requests().await.unwrap().len(), 1, "the second never came");
    }
}
