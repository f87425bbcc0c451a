//! Connections over which little comes.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use axum::{extract::ConnectInfo, routing::get};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::*;
use crate::server::{Shutdown, ShutdownTrigger, serve};

async fn run() -> (SocketAddr, ShutdownTrigger) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (trigger, shutdown) = Shutdown::manual();
    let peer = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string();
    let router = Router::new().route("/", get(peer));
    tokio::spawn(serve(router, listener, None, shutdown));
    (address, trigger)
}

/// Sends something and reads until the server closes the connection.
async fn talk(address: SocketAddr, text: &[u8]) -> (SocketAddr, String) {
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(text).await.unwrap();
    let mut answer = String::new();
    timeout(Duration::from_secs(5), client.read_to_string(&mut answer))
        .await
        .expect("the server closes the connection")
        .unwrap();
    (client.local_addr().unwrap(), answer)
}

#[tokio::test]
async fn whoever_does_not_finish_a_request_is_dropped() {
    let (address, _server) = run().await;
    for beginning in [
        "",
        "P",
        "PRI * HTTP/2.0\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n",
    ] {
        let start = Instant::now();
        let (_, answer) = talk(address, beginning.as_bytes()).await;
        assert_eq!(answer, "", "{beginning:?}");
        assert!(start.elapsed() > Duration::from_millis(300), "at once?");
    }
}

#[tokio::test]
async fn a_connection_stays_for_a_while_after_an_answer() {
    let (address, _server) = run().await;
    let start = Instant::now();
    let (client, answer) = talk(address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        answer.ends_with(&client.to_string()),
        "handlers know their peer"
    );
    assert!(start.elapsed() > Duration::from_millis(300), "at once?");
}
