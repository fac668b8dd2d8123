//! How HYVVE runs: settings, start-up, the routes with the guard in front of them, streams and workers.
//!
//! What HYVVE *means* is in `hyvve-domain`, what people *see* in `hyvve-app`. There is no SQL here, and no authorization
//! in handlers: they find out who is asking, call a service, and answer.

mod agentos;
mod asking;
mod asyncapi;
pub mod config;
pub mod data_keys;
pub mod demo;
mod extract;
mod follow;
mod guard;
mod http;
pub mod keys;
pub mod master_keys;
mod openapi;
mod pages;
mod problem;
mod reply;
mod router;
mod secrets;
pub mod serve;
mod sse;
pub mod startup;
mod state;
pub mod telemetry;
pub mod verify;
mod workers;
