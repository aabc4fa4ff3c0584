//! One request as it will be sent, and the checks that it must pass first. Pure.

use std::sync::Arc;

use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::error::{ApiError, Asked, Fault, NotSent};
use super::service::Service;
use crate::domain::Redactor;
use crate::domain::loopback::is_loopback;
use crate::domain::text::{one_line, shorten};

/// A request under construction: what is asked of a service below its base URL.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    method: Method,
    path: &'a [&'a str],
    query: &'a [(&'a str, &'a str)],
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<String>,
}

impl<'a> Request<'a> {
    /// `method` on `path`, one entry a segment, encoded when it is sent.
    pub fn new(method: Method, path: &'a [&'a str]) -> Self {
        Self { method, path, query: &[], headers: Vec::new(), body: None }
    }

    /// With these parameters.
    #[must_use]
    pub fn query(mut self, query: &'a [(&'a str, &'a str)]) -> Self {
        self.query = query;
        self
    }

    /// With this header. A value that no header can hold leaves it out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// With this body, as JSON.
    #[must_use]
    pub fn json(mut self, body: &serde_json::Value) -> Self {
        self.body = Some(body.to_string());
        self
    }
}

/// A request as it will be sent.
pub(super) struct Call {
    pub(super) asked: Arc<Asked>,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Option<String>,
}

impl Call {
    /// Joins `path` to `base`; every segment is percent-encoded, so that no name leaves its place.
    pub(super) fn new(
        service: Service,
        base: &Url,
        request: Request<'_>,
        redactor: &Redactor,
    ) -> Result<Self, ApiError> {
        let Request { method, path, query, headers, body } = request;
        let mut url = base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let asked = Arc::new(asked(service, &method, &url, redactor));
        let call = Self { asked, method, url, headers, body };
        // `Url` drops `.` and `..`, encoded ones too, and would ask for something else.
        let dots = |segment: &&str| {
            let plain = segment.replace("%2e", ".").replace("%2E", ".");
            plain.is_empty() || plain == "." || plain == ".."
        };
        if path.iter().any(dots) {
            return Err(call.fault(Fault::NotSent(NotSent::BadPath)));
        }
        Ok(call)
    }

    /// An error of this call that no answer belongs to.
    pub(super) fn fault(&self, fault: Fault) -> ApiError {
        let asked = Arc::clone(&self.asked);
        ApiError { asked, status: None, request_id: None, said: None, fault }
    }

    /// The value of `Authorization` for `token`.
    pub(super) fn authorization(&self, token: &SecretString) -> Result<HeaderValue, ApiError> {
        if self.url.scheme() != "https" && !is_loopback(&self.url) {
            return Err(self.fault(Fault::NotSent(NotSent::PlainHttp)));
        }
        authorization(self.asked.service.scheme(), token.expose_secret())
            .map_err(|why| self.fault(Fault::NotSent(why)))
    }
}

fn asked(service: Service, method: &Method, url: &Url, redactor: &Redactor) -> Asked {
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let path = shorten(&one_line(&redactor.clean(url.path())), 300);
    Asked { service, method: method.as_str().into(), host: host.into(), path: path.into() }
}

fn authorization(scheme: &str, token: &str) -> Result<HeaderValue, NotSent> {
    if token.is_empty() {
        return Err(NotSent::EmptyToken);
    }
    if let Some(before) = token.chars().position(|c| !c.is_ascii_graphic()) {
        return Err(NotSent::BadToken { position: before + 1 });
    }
    let mut value = HeaderValue::from_str(&format!("{scheme} {token}"))
        .map_err(|_| NotSent::BadToken { position: 1 })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(path: &[&str], query: &[(&str, &str)]) -> Result<Call, ApiError> {
        let base = "https://api.example/client/v4/".parse().unwrap();
        let redactor = Redactor::default();
        redactor.learn("hunter2hunter2");
        let request = Request::new(Method::GET, path).query(query);
        Call::new(Service::Cloudflare, &base, request, &redactor)
    }

    #[test]
    fn a_name_cannot_leave_its_place_in_the_path() {
        let url = call(&["scripts", "a/b?c#d e%2Ff"], &[("x", "1&y=2")]).unwrap().url;
        assert_eq!(
            url.as_str(),
            "https://api.example/client/v4/scripts/a%2Fb%3Fc%23d%20e%252Ff?x=1%26y%3D2"
        );
        for bad in ["", ".", "..", "%2e%2E", ".%2e"] {
            let error = call(&["scripts", bad, "deployments"], &[]).err().unwrap();
            assert_eq!(error.fault, Fault::NotSent(NotSent::BadPath), "{bad:?}");
        }
    }

    #[test]
    fn an_error_tells_neither_query_nor_secret() {
        let call = call(&["hunter2hunter2"], &[("key", "value")]).unwrap();
        let line = call.fault(Fault::Server).to_string();
        assert!(line.ends_with("[GET /client/v4/***]"), "{line}");
    }

    #[test]
    fn a_bad_token_is_told_by_position_never_by_value() {
        for (token, position) in [("abc\ndef", 4), (" abc", 1), ("abcé", 4), ("ab\u{0}", 3)] {
            let error = authorization("Bearer", token).unwrap_err();
            assert_eq!(error, NotSent::BadToken { position }, "{token:?}");
            assert!(!error.to_string().contains("abc"));
        }
        assert_eq!(authorization("Bearer", "").unwrap_err(), NotSent::EmptyToken);
        let good = authorization("Bearer", "v1.0-abc_DEF=").unwrap();
        assert!(good.is_sensitive());
        assert!(!format!("{good:?}").contains("abc"));
    }

    #[test]
    fn a_token_does_not_travel_in_the_clear() {
        let base = "http://10.0.0.1".parse().unwrap();
        let redactor = Redactor::default();
        let request = Request::new(Method::GET, &["user"]);
        let call = Call::new(Service::GitHub, &base, request, &redactor).unwrap();
        let error = call.authorization(&"abcdef".into()).unwrap_err();
        assert_eq!(error.fault, Fault::NotSent(NotSent::PlainHttp));
    }
}
