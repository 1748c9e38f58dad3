//! A web server for a handful of pages that are compiled in, because a browser gives camera and
//! sockets only to a page that comes from one.
//!
//! In: GET requests for the paths it was made with. Out: that page, or 404 for anything else. It
//! serves one request per connection and never more than a browser's handful at a time; it ends
//! when it is dropped.

use std::borrow::Cow;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

/// A file that can be requested.
#[derive(Debug, Clone)]
pub struct File {
    /// As in the address, with its leading slash.
    pub path: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// What is in it.
    pub content: Cow<'static, str>,
}

/// How long a browser may take over one request.
const REQUEST_LIMIT: Duration = Duration::from_secs(5);

/// No request of a browser for these pages comes near.
const HEADERS_LIMIT: u64 = 16 * 1024;

/// The running server.
#[derive(Debug)]
pub struct Site {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Site {
    /// Starts to serve on a free port of the loopback interface.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start(files: Vec<File>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let files: Arc<[File]> = files.into();
        let task = tokio::spawn(async move {
            let mut requests = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        let Ok((stream, _)) = accepted else { continue };
                        // A browser that goes away in mid-request is its own affair.
                        let files = Arc::clone(&files);
                        requests.spawn(async move { drop(timeout(REQUEST_LIMIT, answer(stream, &files)).await) });
                    }
                    Some(_) = requests.join_next() => {}
                }
            }
        });
        Ok(Self { address, task })
    }

    /// The address of a page.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(mut stream: TcpStream, files: &[File]) -> io::Result<()> {
    let (reader, mut writer) = stream.split();
    let mut lines = BufReader::new(reader.take(HEADERS_LIMIT)).lines();
    let request = lines.next_line().await?.unwrap_or_default();
    // The headers hold nothing of interest, but closing before they are read would reset the
    // connection.
    while lines.next_line().await?.is_some_and(|line| !line.is_empty()) {}
    writer.write_all(response(&request, files).as_bytes()).await?;
    writer.shutdown().await
}

fn response(request: &str, files: &[File]) -> String {
    let file = requested_path(request).and_then(|path| files.iter().find(|file| file.path == path));
    let (status, content_type, content) = match file {
        Some(file) => ("200 OK", file.content_type, &*file.content),
        None => ("404 Not Found", "text/plain; charset=utf-8", "There is no such page.\n"),
    };
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         Connection: close\r\n\r\n{content}",
        content.len()
    )
}

/// The path in a request line, without its query.
fn requested_path(request: &str) -> Option<&str> {
    let mut words = request.split_ascii_whitespace();
    let (method, target) = (words.next()?, words.next()?);
    (method == "GET").then(|| target.split(['?', '#']).next().unwrap_or(target))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<File> {
        vec![File { path: "/page.html", content_type: "text/html", content: "<p>ä</p>".into() }]
    }

    #[test]
    fn a_page_is_found_whatever_its_query() {
        assert_eq!(
            requested_path("GET /page.html?server=ws://127.0.0.1:1 HTTP/1.1"),
            Some("/page.html")
        );
        assert_eq!(requested_path("POST /page.html HTTP/1.1"), None);
        assert_eq!(requested_path(""), None);
        assert_eq!(requested_path("GET"), None);
    }

    #[test]
    fn the_length_counts_bytes_and_unknown_paths_are_not_found() {
        let found = response("GET /page.html HTTP/1.1", &files());
        assert!(
            found.starts_with("HTTP/1.1 200 OK\r\n") && found.ends_with("\r\n\r\n<p>ä</p>"),
            "{found}"
        );
        assert!(found.contains("Content-Length: 9\r\n"), "{found}");
        for request in ["GET /../etc/passwd HTTP/1.1", "garbage", "\u{0}\u{1} \u{2}"] {
            assert!(response(request, &files()).starts_with("HTTP/1.1 404 "), "{request}");
        }
    }

    #[tokio::test]
    async fn it_serves_over_a_real_socket() {
        let site = Site::start(files()).await.expect("a port is free");
        let mut stream = TcpStream::connect(site.address).await.expect("it listens");
        stream
            .write_all(b"GET /page.html HTTP/1.1\r\nHost: here\r\n\r\n")
            .await
            .expect("it takes the request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it answers and closes");
        assert!(answer.ends_with("<p>ä</p>"), "{answer}");
    }
}
