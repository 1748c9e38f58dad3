//! What a connection passes before it is served: encryption, the proxies and origins that are
//! trusted, and HTTP up to the upgrade ([`front`]). The guest page and the operator's are here as
//! well.

pub(crate) mod front;
pub(crate) mod metrics_page;
pub(crate) mod origin;
pub(crate) mod proxy;
pub(crate) mod tls;
pub(crate) mod web_page;
