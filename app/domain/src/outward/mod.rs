//! The one way out: whatever HYVVE asks for on a workspace's behalf, it asks for through here.
//!
//! A workspace names hosts, and HYVVE stands inside somebody's network. So a URL that a person entered must not lead to what
//! only insiders reach: the machine itself, its neighbours, a cloud's metadata. Public hosts are asked over https. A host that
//! is private, or speaks plain http, is asked only if whoever runs the server lists it in `allowed_hosts`; by default nobody
//! does, so that not even a model on this machine is reached without being allowed.
//!
//! - A host that is an address is checked before anything is sent. `Url` has read it, so odd spellings (`0x7f.1`, `2130706433`)
//!   have become what they mean.
//! - A name is looked up once, by the connection itself. What is not to be asked is taken out of the answer (`Checked`), and the
//!   rest is connected to: nobody asks again, so a name whose answer changes in between gains nothing.
//! - Redirects are answers like any other. They are not followed, and no proxy is taken from the environment: either would
//!   connect to, or show a key to, somebody whom nobody has checked.
//! - Allowed and other hosts have a client each. An answer that is good for one is not good for the other, and neither are its
//!   open connections.
//!
//! What whoever runs the server names in the settings (mail server, OpenID issuers) is not a workspace's word, and is not
//! checked here; [`unguarded`] is the client for it.

mod address;
mod allowed;

use std::{
    error::Error,
    fmt, iter,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use reqwest::{
    Client, ClientBuilder, Method, RequestBuilder, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};

use self::address::{Reach, reach};
pub use self::allowed::AllowedHosts;

/// The setting that allows a host.
const SETTING: &str = "allowed_hosts";
/// How long a connection may take, its name and TLS included.
const CONNECT: Duration = Duration::from_secs(10);

/// Asks others on a workspace's behalf. One for the whole process, so that connections are reused. There is no time-out for an
/// answer as a whole: a stream may go on as long as bytes come.
#[derive(Clone)]
pub struct Outward {
    allowed: Arc<AllowedHosts>,
    /// For public hosts: https only, and only to public addresses.
    public: Client,
    /// For hosts that are allowed.
    inside: Client,
}

/// Why a host is not asked, in words that may be shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// The host, with its port where the URL names one.
    host: String,
    why: Why,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Why {
    /// Not http at all.
    Scheme,
    /// User name or password in the URL.
    Credentials,
    /// Plain http.
    Open,
    /// Private.
    Inside,
    /// Reserved.
    Never,
}

impl Outward {
    /// Names are looked up as this machine does.
    pub fn new(allowed: AllowedHosts) -> reqwest::Result<Self> {
        Self::resolving(allowed, Arc::new(System))
    }

    /// Names are looked up by `names`, and what it answers is checked.
    pub fn resolving(allowed: AllowedHosts, names: Arc<dyn Resolve>) -> reqwest::Result<Self> {
        let client = |most| client().dns_resolver(Checked { names: Arc::clone(&names), most });
        Ok(Self {
            allowed: Arc::new(allowed),
            public: client(Reach::Public).https_only(true).build()?,
            inside: client(Reach::Inside).build()?,
        })
    }

    /// Refuses what is not asked whatever its name leads to: for whoever enters a URL, who should know at once.
    pub fn check(&self, url: &Url) -> Result<(), Refused> {
        self.client_for(url).map(drop)
    }

    /// Whether it leads to no place inside, neither to one that is allowed nor to one that is not. For those whose word is not enough
    /// to reach what whoever runs the server allows.
    pub fn is_public(&self, url: &Url) -> bool {
        !self.allowed.contains(url) && self.check(url).is_ok()
    }

    /// A request to be filled and sent. Where a name leads is seen when it is: then [`Refused::of`] finds it in the error.
    pub fn request(&self, method: Method, url: Url) -> Result<RequestBuilder, Refused> {
        Ok(self.client_for(&url)?.request(method, url))
    }

    fn client_for(&self, url: &Url) -> Result<&Client, Refused> {
        let refused = |why| Err(Refused::new(url, why));
        if !matches!(url.scheme(), "http" | "https") {
            return refused(Why::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refused(Why::Credentials);
        }
        let address = url.host_str().and_then(literal).map_or(Reach::Public, reach);
        match (address, self.allowed.contains(url)) {
            (Reach::Never, _) => refused(Why::Never),
            (_, true) => Ok(&self.inside),
            (Reach::Inside, false) => refused(Why::Inside),
            (Reach::Public, false) if url.scheme() != "https" => refused(Why::Open),
            (Reach::Public, false) => Ok(&self.public),
        }
    }
}

/// For what whoever runs the server names in the settings: nothing is checked, and still nothing is followed.
pub fn unguarded() -> reqwest::Result<Client> {
    client().build()
}

fn client() -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("HYVVE/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT)
        .no_proxy()
}

/// The address that a URL's host is, if it is one.
fn literal(host: &str) -> Option<IpAddr> {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).parse().ok()
}

/// Lets through of a name's addresses those that may be connected to. The connection is made to one of these and nothing else.
struct Checked {
    names: Arc<dyn Resolve>,
    most: Reach,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (host, most) = (name.as_str().to_owned(), self.most);
        let answer = self.names.resolve(name);
        Box::pin(async move {
            let (good, bad): (Vec<SocketAddr>, Vec<_>) = answer.await?.partition(|at| reach(at.ip()) <= most);
            let least = bad.iter().map(|at| reach(at.ip())).min();
            match least {
                Some(least) if good.is_empty() => {
                    let why = if least == Reach::Never { Why::Never } else { Why::Inside };
                    Err(Refused { host, why }.into())
                }
                _ => Ok(Box::new(good.into_iter()) as Addrs),
            }
        })
    }
}

/// Looks names up as this machine does.
struct System;

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The port is set by whoever connects.
            let addresses: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

impl Refused {
    fn new(url: &Url, why: Why) -> Self {
        let host = url.host_str().unwrap_or_default();
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Self { host, why }
    }

    /// The refusal that ended a request, if one did.
    pub fn of(error: &reqwest::Error) -> Option<&Self> {
        iter::successors(error.source(), |cause| (*cause).source()).find_map(<dyn Error>::downcast_ref)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, why } = self;
        let may_allow = "Whoever runs this server can allow it";
        match why {
            Why::Scheme => write!(f, "Only https:// and http:// are possible."),
            Why::Credentials => write!(f, "Please leave user name and password out of the URL."),
            Why::Open => write!(
                f,
                "{host} is to be asked without https, where others can read along. Please use https://. {may_allow} for a \
                 host that has none: it goes into {SETTING}."
            ),
            Why::Inside => {
                write!(f, "{host} is a private address, or leads to one. {may_allow}: it goes into {SETTING}.")
            }
            Why::Never => write!(f, "{host} is a reserved address, or leads to one, which HYVVE never asks."),
        }
    }
}

impl Error for Refused {}
