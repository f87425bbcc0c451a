//! How the server ends.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::slow::Slow;
use super::*;
use crate::server::{Shutdown, ShutdownTrigger, serve};

struct Running {
    address: std::net::SocketAddr,
    trigger: ShutdownTrigger,
    server: JoinHandle<()>,
    slow: Slow,
}

async fn run() -> Running {
    let slow = Slow::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (trigger, shutdown) = Shutdown::manual();
    let router = slow.router();
    let server = tokio::spawn(serve(
        router,
        listener,
        TrustedProxies::default(),
        None,
        shutdown,
    ));
    Running {
        address,
        trigger,
        server,
        slow,
    }
}

#[tokio::test]
async fn a_running_request_is_answered_before_the_server_stops() {
    let running = run().await;
    let mut client = TcpStream::connect(running.address).await.unwrap();
    client
        .write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    running.slow.waiting.notified().await;

    running.trigger.begin();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!running.server.is_finished());
    assert!(
        TcpStream::connect(running.address).await.is_err(),
        "nobody new is let in"
    );

    running.slow.release.notify_one();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"),
        "{answer}"
    );
    running.server.await.unwrap();
}

#[tokio::test]
async fn an_idle_connection_does_not_keep_the_server() {
    let running = run().await;
    let _idle = TcpStream::connect(running.address).await.unwrap();
    running.trigger.begin();
    tokio::time::timeout(Duration::from_mins(1), running.server)
        .await
        .unwrap()
        .unwrap();
}
