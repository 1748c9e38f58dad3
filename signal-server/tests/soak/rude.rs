//! People who do what they should not. Whatever the server makes of it is right as long as it is
//! theirs alone, so nothing they see fails the test; each gives up after a while in any case.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// What somebody does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Manner {
    /// Comes, and goes at any moment.
    Goes,
    /// Is sent a lot and reads nothing of it.
    Stalls,
    /// Sends as fast as it can to people there are and people there are not.
    Floods,
    /// Sends bytes that mean nothing, before the upgrade or after it.
    Babbles,
    /// Sends well-formed frames with messages that mean nothing, or too much.
    Raves,
    /// Says half a request and waits.
    Dawdles,
}

impl Manner {
    /// All of them.
    pub(crate) const ALL: [Self; 6] =
        [Self::Goes, Self::Stalls, Self::Floods, Self::Babbles, Self::Raves, Self::Dawdles];
}

type Socket = WebSocketStream<TcpStream>;

/// Comes again and again until the time is over; how often that was.
pub(crate) async fn visit_after_visit(
    address: SocketAddr,
    manner: Manner,
    index: usize,
    seed: u64,
    ends: Instant,
) -> u64 {
    let mut random = StdRng::seed_from_u64(seed);
    let mut visits = 0;
    while Instant::now() < ends {
        let stays = Duration::from_millis(random.random_range(10..4_000))
            .min(ends - Instant::now().min(ends));
        let visitor = Visitor { address, index, name: format!("rude{index}-{visits}") };
        let visit = visitor.visit(manner, &mut random, stays);
        // Nobody stays much longer than it meant to, whatever the server does.
        let _ = timeout(stays + Duration::from_secs(5), visit).await;
        visits += 1;
        sleep(Duration::from_millis(random.random_range(5..200))).await;
    }
    visits
}

struct Visitor {
    address: SocketAddr,
    index: usize,
    name: String,
}

impl Visitor {
    async fn visit(
        &self,
        manner: Manner,
        random: &mut StdRng,
        stays: Duration,
    ) -> Result<(), Error> {
        match manner {
            Manner::Goes => self.go(random).await,
            Manner::Stalls => self.stall(stays).await,
            Manner::Floods => self.flood(random, stays).await,
            Manner::Babbles => self.babble(random).await,
            Manner::Raves => self.rave(random).await,
            Manner::Dawdles => self.dawdle(random, stays).await,
        }
    }

    /// On Linux from an address of its own: what an address does is held against all who share it.
    async fn tcp(&self) -> Result<TcpStream, Error> {
        let socket = TcpSocket::new_v4()?;
        if cfg!(target_os = "linux") {
            let last = u8::try_from(2 + self.index).unwrap_or(u8::MAX);
            socket.bind((Ipv4Addr::new(127, 0, 0, last), 0).into())?;
        }
        Ok(socket.connect(self.address).await?)
    }

    async fn upgraded(&self) -> Result<Socket, Error> {
        Ok(client_async(format!("ws://{}", self.address), self.tcp().await?).await?.0)
    }

    async fn logged_in(&self, name: &str) -> Result<Socket, Error> {
        let mut socket = self.upgraded().await?;
        socket.send(Message::text(format!(r#"{{"type":"login","username":"{name}"}}"#))).await?;
        for _ in 0..2 {
            socket.next().await.transpose()?;
        }
        Ok(socket)
    }

    async fn go(&self, random: &mut StdRng) -> Result<(), Error> {
        match random.random_range(0..6) {
            0 => drop(self.tcp().await?),
            1 => drop(self.upgraded().await?),
            2 => self.logged_in(&self.name).await?.close(None).await?,
            3 => {
                let mut socket = self.logged_in(&self.name).await?;
                socket
                    .send(Message::text(r#"{"type":"watch","usernames":["anna0-0","otto0-0"]}"#))
                    .await?;
                socket.send(Message::text(r#"{"type":"join","room":"lobby"}"#)).await?;
                socket.next().await.transpose()?;
            }
            4 => {
                // Torn, with something unread on either side.
                let mut socket = self.logged_in(&self.name).await?;
                socket.feed(Message::text(r#"{"type":"users"}"#)).await?;
                socket.flush().await?;
                socket.get_ref().set_zero_linger()?;
            }
            _ => {
                let mut tcp = self.tcp().await?;
                tcp.write_all(b"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n").await?;
            }
        }
        Ok(())
    }

    /// One who does not read, and some who send to it until it is thrown out.
    async fn stall(&self, stays: Duration) -> Result<(), Error> {
        let (stuck, ends) = (self.logged_in(&self.name).await?, Instant::now() + stays);
        let offer = "x".repeat(30_000);
        let offer =
            format!(r#"{{"type":"offer","otherUsername":"{}","offer":"{offer}"}}"#, self.name);
        for pusher in 0.. {
            if Instant::now() > ends {
                break;
            }
            let mut socket = self.logged_in(&format!("{}-p{pusher}", self.name)).await?;
            for _ in 0..150 {
                if socket.send(Message::text(offer.clone())).await.is_err() {
                    break;
                }
            }
            sleep(Duration::from_millis(20)).await;
        }
        drop(stuck);
        Ok(())
    }

    async fn flood(&self, random: &mut StdRng, stays: Duration) -> Result<(), Error> {
        let (mut socket, ends) = (self.logged_in(&self.name).await?, Instant::now() + stays);
        while Instant::now() < ends {
            for _ in 0..random.random_range(1..200) {
                let to = random.random_range(0..30);
                let text = match random.random_range(0..3) {
                    0 => r#"{"type":"users","prefix":"a"}"#.to_owned(),
                    1 => format!(
                        r#"{{"type":"candidate","otherUsername":"nobody{to}","candidate":{to}}}"#
                    ),
                    _ => format!(
                        r#"{{"type":"candidate","otherUsername":"{}","candidate":{to}}}"#,
                        self.name
                    ),
                };
                socket.feed(Message::text(text)).await?;
            }
            socket.flush().await?;
            // Reads a little, never all.
            let _ = timeout(Duration::from_millis(1), socket.next()).await;
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    async fn babble(&self, random: &mut StdRng) -> Result<(), Error> {
        let mut rubbish = vec![0; random.random_range(1..10_000)];
        random.fill_bytes(&mut rubbish);
        if random.random::<bool>() {
            let mut tcp = self.tcp().await?;
            tcp.write_all(&rubbish).await?;
            // Whatever it answers, or nothing.
            let _said = tcp.read(&mut [0; 1024]).await?;
        } else {
            let mut socket = self.upgraded().await?;
            socket.get_mut().write_all(&rubbish).await?;
            while let Some(said) = socket.next().await {
                said?;
            }
        }
        Ok(())
    }

    async fn rave(&self, random: &mut StdRng) -> Result<(), Error> {
        let mut socket = self.logged_in(&self.name).await?;
        for _ in 0..random.random_range(1..40) {
            let message = match random.random_range(0..8) {
                0 => Message::text("[".repeat(random.random_range(1..30_000))),
                1 => Message::text("x".repeat(random.random_range(1..100_000))),
                2 => Message::binary(vec![0xff; random.random_range(1..10_000)]),
                3 => Message::text(r#"{"type":"offer","otherUsername":["x"],"offer":{}}"#),
                4 => Message::text(format!(
                    r#"{{"type":"{}"}}"#,
                    "é".repeat(random.random_range(1..500))
                )),
                5 => Message::Ping(vec![1; 125].into()),
                6 => Message::text(r#"{"type":"login","username":"again"}"#),
                _ => Message::text(format!(
                    r#"{{"type":"join","room":"{}"}}"#,
                    random.random_range(0..5)
                )),
            };
            socket.send(message).await?;
        }
        while let Ok(Some(said)) = timeout(Duration::from_millis(20), socket.next()).await {
            said?;
        }
        Ok(())
    }

    async fn dawdle(&self, random: &mut StdRng, stays: Duration) -> Result<(), Error> {
        let request = b"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\n";
        let mut tcp = self.tcp().await?;
        tcp.write_all(&request[..random.random_range(0..request.len())]).await?;
        sleep(stays).await;
        Ok(())
    }
}
