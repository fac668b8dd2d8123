//! Sign-in by others: the OpenID Connect authorization code flow with PKCE, state and nonce.
//!
//! A provider says who somebody is; whether that is one of ours is decided here (`arrival.rs`). An account is known by issuer and
//! subject. An address links nothing by itself: only where the provider has proved it, and HYVVE has as well. Otherwise whoever
//! signed up first with somebody else's address would share an account with its owner.
//!
//! `provider.rs` knows what a provider publishes and checks what it says; `flow.rs` is the way there and back; `linked.rs` is what
//! a person sees and ends under Account → Security.

mod arrival;
pub mod flow;
mod http;
mod issuer;
pub mod linked;
mod provider;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use secrecy::SecretString;

pub use self::{issuer::Issuer, provider::Provider};
use crate::{Error, Result};

/// What the settings call Google.
pub const GOOGLE: &str = "google";

/// A provider as whoever runs this server has set it up.
#[derive(Clone, Debug)]
pub struct Registration {
    /// What addresses and accounts call it: lower case letters, digits, `-`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Where it publishes what it is.
    pub issuer: Issuer,
    /// What it calls HYVVE.
    pub client_id: String,
    /// What HYVVE proves itself with; a public client has none, and PKCE only.
    pub client_secret: Option<SecretString>,
    /// What it is asked for, besides `openid`.
    pub scopes: Vec<String>,
}

/// All providers that are set up, in the order of the settings.
#[derive(Default)]
pub struct Providers(Vec<Arc<Provider>>);

impl Providers {
    /// None has been asked for anything yet.
    pub fn new(all: &[Registration], http: &reqwest::Client) -> Self {
        Self(all.iter().map(|registration| Arc::new(Provider::new(registration.clone(), http.clone()))).collect())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Registration> {
        self.0.iter().map(|provider| provider.registration())
    }

    pub(super) fn get(&self, id: &str) -> Result<&Arc<Provider>> {
        self.0.iter().find(|p| p.registration().id == id).ok_or_else(|| Error::not_found("way to sign in"))
    }
}
