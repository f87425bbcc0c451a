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

/// More than the kernel keeps for a client that does not read.
const LARGE: usize = 64 * 1024 * 1024;

async fn run() -> (SocketAddr, ShutdownTrigger) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (trigger, shutdown) = Shutdown::manual();
    let peer = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string();
    let router = Router::new()
        .route("/", get(peer))
        .route("/large", get(async || vec![b'x'; LARGE]));
    tokio::spawn(serve(
        router,
        listener,
        TrustedProxies::default(),
        None,
        shutdown,
    ));
    (address, trigger)
}

/// Sends something and reads until the server closes the connection.
async fn talk(address: SocketAddr, text: &[u8]) -> (SocketAddr, String) {
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(text).await.unwrap();
    let mut answer = String::new();
    timeout(Duration::from_mins(1), client.read_to_string(&mut answer))
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

#[tokio::test]
async fn whoever_does_not_read_an_answer_is_dropped() {
    let (address, _server) = run().await;
    let mut client = TcpStream::connect(address).await.unwrap();
    client
        .write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let mut answer = Vec::new();
    let reading = timeout(Duration::from_mins(1), client.read_to_end(&mut answer));
    // Whether as an end or as an error is up to the kernel.
    let _ended = reading.await.expect("the server closes the connection");
    assert!(answer.starts_with(b"HTTP/1.1 200"), "it was answered");
    assert!(answer.len() < LARGE, "the server waited for its reader");
}

#[tokio::test]
async fn a_connection_with_http_2_is_not_kept_by_pings() {
    let (address, _server) = run().await;
    let mut client = TcpStream::connect(address).await.unwrap();
    let opening: &[&[u8]] = &[
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        // SETTINGS, none.
        &[0, 0, 0, 4, 0, 0, 0, 0, 0],
        // HEADERS, the only ones of stream 1: GET http://x/
        &[0, 0, 6, 1, 5, 0, 0, 0, 1, 0x82, 0x84, 0x86, 0x41, 1, b'x'],
    ];
    client.write_all(&opening.concat()).await.unwrap();
    let start = Instant::now();
    let mut answer = Vec::new();
    let (mut reader, mut writer) = client.split();
    let pinging = async {
        // PING.
        let ping = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
        while writer.write_all(&ping).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let reading = timeout(Duration::from_mins(1), reader.read_to_end(&mut answer));
    tokio::select! {
        ended = reading => { let _ended = ended.expect("the server closes the connection"); }
        () = pinging => {}
    }
    assert!(start.elapsed() > Duration::from_millis(300), "at once?");
    let peer = client.local_addr().unwrap().to_string();
    let is_peer = |part: &[u8]| part == peer.as_bytes();
    assert!(answer.windows(peer.len()).any(is_peer), "it was answered");
}

#[tokio::test]
async fn one_address_does_not_get_all_connections() {
    let (address, _server) = run().await;
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(TcpStream::connect(address).await.unwrap());
    }
    let (_, answer) = talk(address, b"").await;
    assert_eq!(answer, "", "one too many is closed at once");
    clients.clear();
    for _ in 0..100 {
        let mut client = TcpStream::connect(address).await.unwrap();
        let mut begun = [0; 8];
        let asked = client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        if asked.is_ok() && client.read_exact(&mut begun).await.is_ok() {
            assert_eq!(&begun, b"HTTP/1.1");
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("places that were given back are not free");
}
