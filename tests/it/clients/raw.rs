//! Bytes to the gateway, bytes back: for requests that no client would write.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use crate::harness::LIVENESS;

/// What came back until the gateway closed the connection.
#[derive(Debug)]
pub struct Said {
    pub bytes: Vec<u8>,
    /// It closed the connection; else the time ran out.
    pub closed: bool,
}

/// Sends bytes and reads until the gateway closes.
pub fn say(address: SocketAddr, bytes: &[u8]) -> Said {
    let mut socket = TcpStream::connect(address).expect("a connection");
    socket.set_read_timeout(Some(LIVENESS)).expect("a timeout");
    // whoever refuses early may have closed before the last byte was written; what it said is still to be read
    let _ = socket.write_all(bytes);
    hear(&mut socket)
}

/// Reads until the gateway closes, or resets.
pub fn hear(socket: &mut TcpStream) -> Said {
    let mut said = Said { bytes: Vec::new(), closed: false };
    let mut piece = [0; 65536];
    loop {
        match socket.read(&mut piece) {
            Ok(0) => {
                said.closed = true;
                return said;
            }
            Ok(n) => said.bytes.extend_from_slice(&piece[..n]),
            Err(error) => {
                said.closed = error.kind() == std::io::ErrorKind::ConnectionReset;
                return said;
            }
        }
    }
}

impl Said {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The statuses of all final answers, in order: `HTTP/1.1 ` stands nowhere else in an answer of ours.
    pub fn statuses(&self) -> Vec<u16> {
        let text = self.text();
        let heads = text.split("HTTP/1.1 ").skip(1);
        heads.filter_map(|head| head.get(..3)?.parse().ok()).filter(|status| *status >= 200).collect()
    }

    /// The one status there is.
    #[track_caller]
    pub fn status(&self) -> u16 {
        let statuses = self.statuses();
        assert_eq!(statuses.len(), 1, "{}", self.text());
        statuses[0]
    }

    pub fn header(&self, name: &str) -> Option<String> {
        let text = self.text();
        let (head, _) = text.split_once("\r\n\r\n")?;
        let lines = head.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim().to_owned()).next()
    }

    pub fn body(&self) -> String {
        self.text().split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
    }

    /// The `error` object, if the body is one in OpenAI's shape.
    pub fn error(&self) -> Option<Value> {
        let body: Value = serde_json::from_str(&self.body()).ok()?;
        let error = body.get("error")?;
        if body["type"] == "error" && body["request_id"].is_string() {
            // Anthropic's shape, on its own routes
            return (error["type"].is_string() && error["message"].is_string()).then(|| error.clone());
        }
        if error["code"].is_u64() && error["status"].is_string() {
            // Google's, on its own
            return error["message"].is_string().then(|| error.clone());
        }
        let strings = ["message", "type", "code"].iter().all(|member| error[*member].is_string());
        (strings && (error["param"].is_null() || error["param"].is_string())).then(|| error.clone())
    }
}
