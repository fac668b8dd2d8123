//! One provider: what it publishes, kept for a while, and what it says about a person, checked.

use std::{
    error, fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use openidconnect::{
    AccessToken, AccessTokenHash, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret,
    CsrfToken, EndUserEmail, EndUserName, EndpointMaybeSet, EndpointNotSet, EndpointSet, JsonWebKeySet, LocalizedClaim,
    Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    SignatureVerificationError, SubjectIdentifier, TokenResponse as _,
    core::{
        CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier,
        CoreJsonWebKeySet, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreUserInfoClaims,
    },
    url::Url,
};
use secrecy::ExposeSecret as _;
use tokio::sync::Mutex;

use super::{Registration, http::Http};
use crate::{Code, Error, Result};

/// How long what a provider publishes is believed.
const FRESH: Duration = Duration::from_hours(1);
/// How long a provider that did not answer is left alone. What it published before is used meanwhile.
const LEFT_ALONE: Duration = Duration::from_secs(5);
/// A key that nobody knows makes us ask for the keys again, at most this often.
const KEYS_AGAIN: Duration = Duration::from_mins(1);

/// The signatures that are believed. A signature with our own secret (`HS256`) is not: whoever knows it could be anybody.
const SIGNATURES: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// What a provider vouches for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Identity {
    /// Who it is, to this issuer: never another person's.
    pub(super) subject: String,
    /// As the provider writes it.
    pub(super) email: Option<String>,
    /// Whether the provider has proved that the address is the person's.
    pub(super) email_verified: bool,
    pub(super) name: Option<String>,
}

/// What one way to the provider and back has to know; see `flow.rs`.
pub(super) struct Secrets {
    pub(super) state: String,
    pub(super) nonce: Nonce,
    pub(super) verifier: String,
}

/// A provider, and what it has published.
pub struct Provider {
    registration: Registration,
    http: Http,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    published: Option<Arc<CoreProviderMetadata>>,
    /// Until then nothing is asked.
    ask_again: Option<Instant>,
    keys_again: Option<Instant>,
}

impl Provider {
    pub(super) fn new(registration: Registration, http: reqwest::Client) -> Self {
        let http = Http { client: http, issuer: registration.issuer.clone() };
        Self { registration, http, memory: Mutex::default() }
    }

    /// How it was set up.
    pub fn registration(&self) -> &Registration {
        &self.registration
    }

    fn name(&self) -> &str {
        &self.registration.name
    }

    /// Where the browser goes to.
    pub(super) async fn way_out(&self, redirect: &RedirectUrl, secrets: &Secrets) -> Result<Url> {
        let published = self.published().await?;
        let verifier = PkceCodeVerifier::new(secrets.verifier.clone());
        let (state, nonce) = (secrets.state.clone(), secrets.nonce.clone());
        let (url, ..) = self
            .client(&published, redirect)
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || CsrfToken::new(state), || nonce)
            .add_scopes(self.registration.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(url)
    }

    /// Whether this is an address that [`Provider::way_out`] leads to.
    pub(super) async fn leads_to(&self, url: &Url) -> Result<bool> {
        let published = self.published().await?;
        let out = published.authorization_endpoint().url();
        Ok(out.origin() == url.origin() && out.path() == url.path())
    }

    /// Exchanges a code for what the provider vouches for.
    pub(super) async fn identify(&self, code: &str, redirect: &RedirectUrl, secrets: Secrets) -> Result<Identity> {
        let published = self.published().await?;
        let client = self.client(&published, redirect);
        let exchange = client.exchange_code(AuthorizationCode::new(code.to_owned())).map_err(|e| self.untrue(e))?;
        let exchange = exchange.set_pkce_verifier(PkceCodeVerifier::new(secrets.verifier));
        let tokens = exchange.request_async(&self.http).await.map_err(|failure| match failure {
            RequestTokenError::Request(cause) => self.away(said(&cause)),
            // What a provider says about a refusal can repeat what it was sent.
            RequestTokenError::ServerResponse(refusal) => self.untrue(format!("it answered {}", refusal.error())),
            other => self.untrue(said(&other)),
        })?;
        let id_token = tokens.id_token().ok_or_else(|| self.untrue("it sent no ID token"))?;
        let (claims, published) = self.claims(published, id_token, &secrets.nonce).await?;
        let identity = Identity::new(claims.subject(), claims.email(), claims.email_verified(), claims.name());
        match published.userinfo_endpoint() {
            Some(_) if identity.email.is_none() => {
                self.intact(&published, id_token, claims, tokens.access_token())?;
                self.ask_for_more(&client, claims, tokens.access_token()).await
            }
            _ => Ok(identity),
        }
    }

    /// What stands in an ID token, once it is certain that the provider wrote it, for us and for this sign-in.
    async fn claims<'t>(
        &self,
        published: Arc<CoreProviderMetadata>,
        token: &'t CoreIdToken,
        nonce: &Nonce,
    ) -> Result<(&'t CoreIdTokenClaims, Arc<CoreProviderMetadata>)> {
        use ClaimsVerificationError::SignatureVerification as Signature;
        match self.verify(&published, token, nonce) {
            Ok(claims) => Ok((claims, published)),
            Err(Signature(SignatureVerificationError::NoMatchingKey)) => {
                let newer = self.keys_anew(&published).await?;
                let claims = self.verify(&newer, token, nonce).map_err(|e| self.untrue(said(&e)))?;
                Ok((claims, newer))
            }
            Err(cause) => Err(self.untrue(said(&cause))),
        }
    }

    pub(super) fn verify<'t>(
        &self,
        published: &CoreProviderMetadata,
        token: &'t CoreIdToken,
        nonce: &Nonce,
    ) -> Result<&'t CoreIdTokenClaims, ClaimsVerificationError> {
        let claims = token.claims(&self.verifier(published), nonce)?;
        match claims.authorized_party() {
            Some(party) if party.as_str() != self.registration.client_id => {
                Err(ClaimsVerificationError::InvalidAudience("it was made for another party".to_owned()))
            }
            _ => Ok(claims),
        }
    }

    fn verifier(&self, published: &CoreProviderMetadata) -> CoreIdTokenVerifier<'static> {
        let client = ClientId::new(self.registration.client_id.clone());
        CoreIdTokenVerifier::new_public_client(client, self.registration.issuer.url(), published.jwks().clone())
            .set_allowed_algs(SIGNATURES)
    }

    /// Refuses an access token that was not issued together with the ID token, where that one says which was.
    fn intact(
        &self,
        published: &CoreProviderMetadata,
        id_token: &CoreIdToken,
        claims: &CoreIdTokenClaims,
        access: &AccessToken,
    ) -> Result<()> {
        let Some(expected) = claims.access_token_hash() else { return Ok(()) };
        let verifier = self.verifier(published);
        let key = id_token.signing_key(&verifier).map_err(|e| self.untrue(e))?;
        let alg = id_token.signing_alg().map_err(|e| self.untrue(e))?;
        let actual = AccessTokenHash::from_token(access, alg, key).map_err(|e| self.untrue(e))?;
        if actual == *expected { Ok(()) } else { Err(self.untrue("the access token is another one")) }
    }

    /// Providers need not put the address into the ID token.
    async fn ask_for_more(
        &self,
        client: &Client,
        claims: &CoreIdTokenClaims,
        access: &AccessToken,
    ) -> Result<Identity> {
        let subject = claims.subject().clone();
        let request = client.user_info(access.clone(), Some(subject)).map_err(|e| self.untrue(e))?;
        let more: CoreUserInfoClaims = request.request_async(&self.http).await.map_err(|e| self.untrue(said(&e)))?;
        Ok(Identity::new(more.subject(), more.email(), more.email_verified(), more.name()))
    }

    fn client(&self, published: &CoreProviderMetadata, redirect: &RedirectUrl) -> Client {
        let Registration { client_id, client_secret, .. } = &self.registration;
        let secret = client_secret.as_ref().map(|secret| ClientSecret::new(secret.expose_secret().to_owned()));
        // Basic is what everybody has to understand who does not say otherwise (OpenID Connect Core, 9).
        let methods = published.token_endpoint_auth_methods_supported().map_or(&[][..], Vec::as_slice);
        let by_body = methods.contains(&CoreClientAuthMethod::ClientSecretPost)
            && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic);
        CoreClient::from_provider_metadata(published.clone(), ClientId::new(client_id.clone()), secret)
            .set_auth_type(if by_body { AuthType::RequestBody } else { AuthType::BasicAuth })
            .set_redirect_uri(redirect.clone())
    }

    /// What the provider publishes. Many who ask at once wait for one answer.
    async fn published(&self) -> Result<Arc<CoreProviderMetadata>> {
        let mut memory = self.memory.lock().await;
        if memory.ask_again.is_none_or(|then| then <= Instant::now()) {
            let found = self.discover().await;
            let now = Instant::now();
            let pause = if found.is_ok() { FRESH } else { LEFT_ALONE };
            memory.ask_again = Some(now + pause);
            match found {
                Ok(found) => {
                    memory.published = Some(Arc::new(found));
                    memory.keys_again = Some(now + KEYS_AGAIN);
                }
                Err(cause) if memory.published.is_none() => return Err(cause),
                Err(_) => {}
            }
        }
        memory.published.clone().ok_or_else(|| self.is_away())
    }

    async fn discover(&self) -> Result<CoreProviderMetadata> {
        let found = CoreProviderMetadata::discover_async(self.registration.issuer.url(), &self.http).await;
        let found = found.map_err(|e| self.away(said(&e)))?;
        // What is asked by us is looked at there; this is where the browser goes.
        let out = found.authorization_endpoint().url();
        if !self.registration.issuer.may_publish(out) {
            return Err(self.away(format!("it publishes {out}, which is not https")));
        }
        Ok(found)
    }

    /// With the keys of now, unless they were asked for a moment ago.
    async fn keys_anew(&self, old: &Arc<CoreProviderMetadata>) -> Result<Arc<CoreProviderMetadata>> {
        let mut memory = self.memory.lock().await;
        if let Some(newer) = memory.published.as_ref().filter(|newer| !Arc::ptr_eq(newer, old)) {
            return Ok(Arc::clone(newer));
        }
        if memory.keys_again.is_some_and(|then| then > Instant::now()) {
            return Err(self.untrue("it signs with a key that it does not publish"));
        }
        memory.keys_again = Some(Instant::now() + KEYS_AGAIN);
        let keys: CoreJsonWebKeySet =
            JsonWebKeySet::fetch_async(old.jwks_uri(), &self.http).await.map_err(|e| self.away(said(&e)))?;
        let newer = Arc::new(CoreProviderMetadata::clone(old).set_jwks(keys));
        memory.published = Some(Arc::clone(&newer));
        Ok(newer)
    }

    #[cfg(test)]
    pub(super) async fn forget_when_keys_were_asked_for(&self) {
        self.memory.lock().await.keys_again = None;
    }

    fn is_away(&self) -> Error {
        let name = self.name();
        let told = format!("{name} cannot be reached right now. Please try again in a moment, or sign in another way.");
        Error::new(Code::Unavailable, told)
    }

    /// It does not answer, or not as a provider does.
    fn away(&self, cause: impl fmt::Display) -> Error {
        self.log(&cause, "an OpenID provider does not answer");
        self.is_away()
    }

    /// It answers, and the answer proves nothing.
    fn untrue(&self, cause: impl fmt::Display) -> Error {
        self.log(&cause, "an OpenID provider's answer was refused");
        let name = self.name();
        Error::new(Code::Unauthorized, format!("The answer of {name} does not prove who you are. Please try again."))
    }

    fn log(&self, cause: &dyn fmt::Display, what: &'static str) {
        tracing::warn!(provider = %self.registration.id, error.message = %cause, "{what}");
    }
}

impl Identity {
    fn new(
        subject: &SubjectIdentifier,
        email: Option<&EndUserEmail>,
        email_verified: Option<bool>,
        name: Option<&LocalizedClaim<EndUserName>>,
    ) -> Self {
        Self {
            subject: subject.to_string(),
            email: email.map(|email| email.to_string()),
            email_verified: email_verified.unwrap_or(false),
            name: name.and_then(|name| name.iter().next()).map(|(_, name)| name.to_string()),
        }
    }
}

/// An error's words and those of its causes, for the log.
fn said(error: &dyn error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |said, cause| format!("{said}: {cause}"))
}
