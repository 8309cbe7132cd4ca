use std::path::PathBuf;
use std::process::Stdio;

use reqwest::{Method, StatusCode};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::reader::{parse, Received};

/// A bridge on free ports, which it keeps when it is started again. It ends when it is dropped.
pub struct Bridge {
    flags: Vec<String>,
    pub grpc: String,
    pub http: String,
    process: Child,
}

impl Bridge {
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    pub async fn with(flags: &[&str]) -> Self {
        let flags: Vec<String> = flags.iter().map(|flag| flag.to_string()).collect();
        let (process, grpc, http) = start(&flags, "127.0.0.1:0", "127.0.0.1:0").await;
        Self { flags, grpc, http, process }
    }

    pub async fn kill(&mut self) {
        self.process.kill().await.expect("it is there"); // SIGKILL
    }

    pub async fn start_again(&mut self) {
        self.process = start(&self.flags, &self.grpc, &self.http).await.0;
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.http)
    }

    pub async fn request(&self, method: Method, path: &str, body: &str) -> (StatusCode, Vec<u8>) {
        let request = reqwest::Client::new().request(method, self.url(path)).body(body.to_string());
        let response = request.send().await.expect("an answer");
        (response.status(), response.bytes().await.expect("a whole body").into())
    }

    /// All of a topic that has ended, without the opening.
    pub async fn stream(&self, topic: &str) -> String {
        let (_, page) = self.request(Method::GET, &format!("/v1/topics/{topic}/history?last=1"), "").await;
        let page = String::from_utf8(page).unwrap();
        assert!(page.contains(r#""ended":true"#), "{topic} has not ended: {page}");
        let (status, body) = self.request(Method::GET, &format!("/v1/topics/{topic}/events"), "").await;
        assert_eq!(status, 200);
        let body = String::from_utf8(body).unwrap();
        body.split_once(": sluice\n").expect("an opening").1.to_string()
    }

    pub async fn events(&self, topic: &str) -> Vec<Received> {
        self.stream(topic).await.split("\n\n").filter(|block| !block.is_empty()).map(parse).collect()
    }

    /// The texts of a topic that has ended.
    pub async fn texts(&self, topic: &str) -> Vec<String> {
        self.events(topic).await.into_iter().map(|event| event.data).collect()
    }

    /// Asks, as a reader, the producers of a topic to stop; waits until there is one.
    pub async fn stop(&self, topic: &str, reason: &str) {
        let body = format!(r#"{{"reason":"{reason}"}}"#);
        let path = format!("/v1/topics/{topic}/stop");
        super::in_time("a producer", async {
            while self.request(Method::POST, &path, &body).await.0 != 202 {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        })
        .await;
    }
}

async fn start(flags: &[String], grpc: &str, http: &str) -> (Child, String, String) {
    let bin = std::env::var_os("SLUICE_BIN").map_or_else(|| "../../build/dev/bin".into(), PathBuf::from);
    let mut process = Command::new(bin.join("sluice-bridge"))
        .args([
            &format!("--grpc_listen={grpc}"),
            &format!("--http_listen={http}"),
            "--log_level=error",
            "--http_publish",
            "--retention_events=100000",
            "--retention_bytes=64MiB",
            "--retry=100ms",
        ])
        .args(flags)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("SLUICE_BIN has a sluice-bridge");
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap_or_default();
    let ports = line.strip_prefix("sluice ready grpc=").and_then(|rest| rest.split_once(" http="));
    let (grpc, http) = ports.unwrap_or_else(|| panic!("the bridge said {line:?}"));
    (process, grpc.into(), http.into())
}
