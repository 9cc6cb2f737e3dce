//! Reads the recorded exchanges and plays them back.

use std::fs;
use std::path::Path;

use prestashop::{Call, Client, Document, Element, Error, Method, RawAnswer, Resource, WebserviceKey, judge};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

/// The versions of PrestaShop there are recordings of.
pub const VERSIONS: [&str; 2] = ["9.1.4", "8.1.0"];

/// One recorded exchange.
pub struct Recording {
    /// `9.1.4`
    pub version: &'static str,
    /// The file without its ending: `515-post-order`.
    pub name: String,
    /// `POST`
    pub method: String,
    /// With the query: `/api/orders?limit=1`
    pub path: String,
    /// What was sent.
    pub request_body: String,
    /// The HTTP status.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// What was answered.
    pub body: String,
}

impl Recording {
    /// The recording whose name begins with this.
    pub fn find(version: &str, name: &str) -> Self {
        let mut found: Vec<Self> =
            Self::all().into_iter().filter(|r| r.version == version && r.name.starts_with(name)).collect();
        assert_eq!(found.len(), 1, "{version}/{name}");
        found.remove(0)
    }

    /// Every recording of every version.
    pub fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/prestashop-recordings");
        let mut all: Vec<Self> = Vec::new();
        for version in VERSIONS {
            for entry in fs::read_dir(root.join(version)).expect("the recordings are part of the repository")
            {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|extension| extension == "http") {
                    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
                    all.push(Self::parse(version, name, &fs::read_to_string(path).unwrap()));
                }
            }
        }
        all.sort_by(|a, b| (a.version, &a.name).cmp(&(b.version, &b.name)));
        all
    }

    fn parse(version: &'static str, name: String, text: &str) -> Self {
        let text = text.replace("\r\n", "\n");
        let (request, response) = text.split_once("<<<<<< RESPONSE").expect("two halves");
        let (_, response) = response.split_once('\n').unwrap();
        let (request_head, request_body) = request.split_once("\n\n").unwrap();
        let (head, body) = response.split_once("\n\n").unwrap_or((response, ""));
        let mut request_line = request_head.lines().next().unwrap().split(' ');
        let mut head = head.lines();
        let status = head.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = head.filter_map(|line| line.split_once(": "));
        Self {
            version,
            name,
            method: request_line.next().unwrap().to_owned(),
            path: request_line.next().unwrap().to_owned(),
            request_body: request_body.trim().to_owned(),
            status,
            headers: headers.map(|(key, value)| (key.to_ascii_lowercase(), value.to_owned())).collect(),
            body: body.trim().to_owned(),
        }
    }

    /// The value of a header of the answer.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// `orders` in `/api/orders/6?x=y`
    pub fn resource_path(&self) -> &str {
        self.path.trim_start_matches("/api/").split(['?', '/']).next().unwrap()
    }

    /// `6` in `/api/orders/6?x=y`
    pub fn has_id(&self) -> bool {
        self.path.split('?').next().unwrap().split('/').nth(3).is_some()
    }

    /// The parameters as the shop reads them, sorted.
    pub fn query(&self) -> Vec<(String, String)> {
        let url = url::Url::parse("http://prestashop.example").unwrap().join(&self.path).unwrap();
        sorted_query(&url)
    }

    /// The call that would have been made; `None` if this client cannot make it.
    pub fn call(&self) -> Option<Call> {
        let is_overridden = self.path.ends_with("ps_method=PATCH");
        let name = if is_overridden { "PATCH" } else { &self.method };
        let method = Method::ALL.iter().copied().find(|method| method.as_str() == name)?;
        let resource = match self.resource_path() {
            "" => Resource::Root,
            path => Resource::from_path(path)?,
        };
        let body = Element::parse(&self.request_body);
        Some(Call { method, resource, entities: body.map_or(1, |body| body.children().len()) })
    }

    /// What the answer proves for that call.
    pub fn judged(&self) -> Result<Document, Error> {
        let location = self.header("location").and_then(|location| url::Url::parse(location).ok());
        judge(
            self.call().expect("a call of this client"),
            RawAnswer {
                status: self.status,
                content_type: self.header("content-type"),
                location_host: location.as_ref().and_then(|location| location.host_str()),
                body: self.body.as_bytes(),
            },
        )
    }

    /// A server that answers every request with this method as the shop did.
    pub async fn serve(&self) -> MockServer {
        let server = MockServer::start().await;
        self.mount(&server).await;
        server
    }

    /// Makes a server answer requests with this method as the shop did.
    pub async fn mount(&self, server: &MockServer) {
        let content_type = self.header("content-type").unwrap_or_default();
        let mut response =
            ResponseTemplate::new(self.status).set_body_raw(self.body.as_bytes(), content_type);
        if let Some(version) = self.header("psws-version") {
            response = response.insert_header("PSWS-Version", version);
        }
        let wire_method = self.method.as_str();
        Mock::given(matchers::method(wire_method)).respond_with(response).mount(server).await;
    }
}

/// The parameters of an address, sorted.
pub fn sorted_query(url: &url::Url) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = url.query_pairs().map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
    pairs.sort();
    pairs
}

/// The key every test uses.
pub const KEY: &str = "TESTKEYTESTKEYTESTKEYTESTKEY1234";

/// A client of a server in this process.
pub fn client_of(server: &MockServer) -> Client {
    client_at(&server.uri())
}

/// A client of whatever listens at this address.
pub fn client_at(url: &str) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new(prestashop::http_client(), url.parse().unwrap(), WebserviceKey::new(KEY), None)
}
