//! Connections to Redis. Each is made anew after it broke; that Redis is away, or back, is said once for all of them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use redis::{
    AsyncConnectionConfig, Client, Cmd, FromRedisValue, Pipeline, RedisError, RedisResult, ScriptInvocation,
    aio::MultiplexedConnection,
};

/// How long making a connection may take.
const CONNECT: Duration = Duration::from_secs(2);
/// How long an answer may take, besides what it was asked to wait.
pub(in crate::events) const PATIENCE: Duration = Duration::from_secs(2);
/// Before a Redis that is away is asked again.
pub(in crate::events) const RETRY: Duration = Duration::from_secs(1);

/// A Redis that is there, or was.
#[derive(Clone)]
pub(in crate::events) struct Redis {
    client: Client,
    is_away: Arc<AtomicBool>,
}

impl Redis {
    pub(super) fn at(url: &str) -> RedisResult<Self> {
        Ok(Self { client: Client::open(url)?, is_away: Arc::default() })
    }

    pub(in crate::events) fn client(&self) -> &Client {
        &self.client
    }

    /// A connection for one user, who waits for answers so long at most.
    pub(in crate::events) fn line(&self, patience: Duration) -> Line {
        Line { redis: self.clone(), patience, connection: None }
    }

    /// Says that it is away, where that is news.
    pub(in crate::events) fn lost(&self, cause: &RedisError) {
        if !self.is_away.swap(true, Ordering::Relaxed) {
            tracing::warn!(error.name = "redis", error.message = %cause, "Redis is away; events go on without it");
        }
    }

    fn found(&self) {
        if self.is_away.swap(false, Ordering::Relaxed) {
            tracing::info!("Redis is back; events go through it again");
        }
    }
}

/// One connection.
pub(in crate::events) struct Line {
    redis: Redis,
    patience: Duration,
    connection: Option<MultiplexedConnection>,
}

impl Line {
    /// Asks one thing.
    pub(in crate::events) async fn ask<T: FromRedisValue>(&mut self, command: &Cmd) -> RedisResult<T> {
        let mut connection = self.connected().await?;
        let answer = command.query_async(&mut connection).await;
        self.heard(answer)
    }

    /// Says several things at once.
    pub(in crate::events) async fn say(&mut self, pipeline: &Pipeline) -> RedisResult<()> {
        let mut connection = self.connected().await?;
        let answer = pipeline.exec_async(&mut connection).await;
        self.heard(answer)
    }

    /// Lets a script run.
    pub(super) async fn run<T: FromRedisValue>(&mut self, script: &ScriptInvocation<'_>) -> RedisResult<T> {
        let mut connection = self.connected().await?;
        let answer = script.invoke_async(&mut connection).await;
        self.heard(answer)
    }

    async fn connected(&mut self) -> RedisResult<MultiplexedConnection> {
        if let Some(connection) = &self.connection {
            return Ok(connection.clone());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(self.patience));
        let connecting = self.redis.client.get_multiplexed_async_connection_with_config(&config).await;
        let connection = self.heard(connecting)?;
        Ok(self.connection.insert(connection).clone())
    }

    /// What Redis refuses, it refuses well. Anything else, and that nothing came in time, is the end of the connection.
    fn heard<T>(&mut self, answer: RedisResult<T>) -> RedisResult<T> {
        match &answer {
            Ok(_) => self.redis.found(),
            Err(cause) if cause.code().is_some() => {}
            Err(cause) => {
                self.connection = None;
                self.redis.lost(cause);
            }
        }
        answer
    }
}
