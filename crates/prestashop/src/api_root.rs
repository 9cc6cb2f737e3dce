//! `GET /api/`: which version the shop has and what the key may do. Works for every key.

use std::collections::BTreeMap;

use crate::client::{Client, Request};
use crate::error::{DecodeError, Error};
use crate::query::Query;
use crate::resource::{Method, Resource};
use crate::version::Version;
use crate::xml::Element;

impl Client {
    /// Asks the shop what it is and what the key may do.
    pub async fn api_root(&self) -> Result<ApiRoot, Error> {
        let answer = self.send(Request::get(Resource::Root, Query::default())).await?;
        let api = answer.document.entity(Resource::Root)?;
        Ok(ApiRoot {
            shop_name: api.attribute("shopName").unwrap_or_default().to_owned(),
            version: answer.version,
            permissions: Permissions::decode(api)?,
        })
    }
}

/// What a shop says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiRoot {
    /// The name of the shop.
    pub shop_name: String,
    /// Its version, if it tells.
    pub version: Option<Version>,
    /// What the key may do.
    pub permissions: Permissions,
}

/// What a key may do, resource by resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permissions(BTreeMap<String, Vec<Method>>);

impl Permissions {
    /// Reads the permissions from the `<api>` element.
    ///
    /// # Errors
    /// If it is another element.
    pub fn decode(api: &Element) -> Result<Self, DecodeError> {
        if api.name() != Resource::Root.node() {
            return Err(api.unreadable(Resource::Root.node()));
        }
        let resources = api.children().iter().map(|resource| {
            let is_allowed =
                |method: &&Method| resource.attribute(&method.as_str().to_ascii_lowercase()) == Some("true");
            let methods = Method::ALL.iter().filter(is_allowed).copied().collect();
            (resource.name().to_owned(), methods)
        });
        Ok(Self(resources.collect()))
    }

    /// Whether the key may do this.
    #[must_use]
    pub fn allows(&self, resource: Resource, method: Method) -> bool {
        resource == Resource::Root
            || self.0.get(resource.path()).is_some_and(|methods| methods.contains(&method))
    }

    /// Those of the wanted permissions that the key does not have.
    #[must_use]
    pub fn missing(&self, wanted: &[(Resource, Method)]) -> Vec<(Resource, Method)> {
        wanted.iter().copied().filter(|(resource, method)| !self.allows(*resource, *method)).collect()
    }
}
