// The hub that this system was before: Gin for HTTP, Melody for WebSockets, go-redis between processes.
//
// It speaks the same wire and does the same work on a message: decode, stamp, encode once, deliver to all of the channel but
// the sender, which gets an `ack`. A channel's sessions are kept in an index, so that no message walks over everybody.
package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/olahol/melody"
	"github.com/redis/go-redis/v9"
)

const lifeMs = 5000

type position struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

type incoming struct {
	Type      string   `json:"type"`
	MessageID string   `json:"message_id"`
	Payload   string   `json:"payload"`
	Position  position `json:"position"`
}

type chat struct {
	Type      string   `json:"type"`
	MessageID string   `json:"message_id"`
	ChannelID string   `json:"channel_id"`
	UserID    string   `json:"user_id"`
	Name      string   `json:"name"`
	Color     string   `json:"color"`
	Payload   string   `json:"payload"`
	Position  position `json:"position"`
	Timestamp int64    `json:"timestamp"`
	ExpiresAt int64    `json:"expires_at"`
}

type ack struct {
	Type      string `json:"type"`
	MessageID string `json:"message_id"`
	Timestamp int64  `json:"timestamp"`
	ExpiresAt int64  `json:"expires_at"`
}

type cursor struct {
	Type     string   `json:"type"`
	UserID   string   `json:"user_id"`
	Position position `json:"position"`
}

type sync_ struct {
	Type      string `json:"type"`
	ChannelID string `json:"channel_id"`
	UserID    string `json:"user_id"`
}

type hub struct {
	mutex    sync.RWMutex
	channels map[string]map[string]*melody.Session
	redis    *redis.Client
}

func (h *hub) enter(channel, user string, session *melody.Session) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.channels[channel] == nil {
		h.channels[channel] = map[string]*melody.Session{}
	}
	h.channels[channel][user] = session
}

func (h *hub) leave(channel, user string) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	delete(h.channels[channel], user)
	if len(h.channels[channel]) == 0 {
		delete(h.channels, channel)
	}
}

func (h *hub) deliver(channel, sender string, frame []byte) {
	h.mutex.RLock()
	defer h.mutex.RUnlock()
	for user, session := range h.channels[channel] {
		if user != sender {
			_ = session.Write(frame)
		}
	}
}

// publish hands a frame to the channel: by Redis where there is one, as this system always did.
func (h *hub) publish(channel, sender string, frame []byte) {
	if h.redis == nil {
		h.deliver(channel, sender, frame)
		return
	}
	if err := h.redis.Publish(context.Background(), "chat:"+channel, sender+" "+string(frame)).Err(); err != nil {
		log.Print(err)
	}
}

func (h *hub) listen() {
	for message := range h.redis.PSubscribe(context.Background(), "chat:*").Channel(redis.WithChannelSize(10_000)) {
		sender, frame, _ := strings.Cut(message.Payload, " ")
		h.deliver(strings.TrimPrefix(message.Channel, "chat:"), sender, []byte(frame))
	}
}

func (h *hub) heed(session *melody.Session, text []byte) {
	channel, user := session.MustGet("channel").(string), session.MustGet("user").(string)
	var frame incoming
	if json.Unmarshal(text, &frame) != nil {
		return
	}
	switch frame.Type {
	case "chat":
		now := time.Now().UnixMilli()
		h.publish(channel, user, encoded(chat{"chat", frame.MessageID, channel, user, "sly fox", "rust", frame.Payload,
			frame.Position, now, now + lifeMs}))
		_ = session.Write(encoded(ack{"ack", frame.MessageID, now, now + lifeMs}))
	case "cursor":
		h.publish(channel, user, encoded(cursor{"cursor", user, frame.Position}))
	}
}

func encoded(frame any) []byte {
	bytes, err := json.Marshal(frame)
	if err != nil {
		log.Fatal(err)
	}
	return bytes
}

func main() {
	port := flag.Int("port", 8080, "")
	redisAddress := flag.String("redis", "", "host:port")
	flag.Parse()

	h := &hub{channels: map[string]map[string]*melody.Session{}}
	if *redisAddress != "" {
		h.redis = redis.NewClient(&redis.Options{Addr: *redisAddress})
		go h.listen()
	}
	m := melody.New()
	m.Config.MaxMessageSize = 4096
	// The default of 256 drops messages in a burst.
	m.Config.MessageBufferSize = 4096
	m.HandleConnect(func(session *melody.Session) {
		channel, user := session.MustGet("channel").(string), session.MustGet("user").(string)
		h.enter(channel, user, session)
		_ = session.Write(encoded(sync_{"user_sync", channel, user}))
	})
	m.HandleDisconnect(func(session *melody.Session) {
		h.leave(session.MustGet("channel").(string), session.MustGet("user").(string))
	})
	m.HandleMessage(h.heed)

	router := gin.New()
	router.GET("/", func(c *gin.Context) { c.String(http.StatusOK, "ok") })
	router.GET("/api/chat", func(c *gin.Context) {
		id := make([]byte, 12)
		_, _ = rand.Read(id)
		keys := map[string]any{"channel": c.DefaultQuery("channel", "default"), "user": base64.RawURLEncoding.EncodeToString(id)}
		if err := m.HandleRequestWithKeys(c.Writer, c.Request, keys); err != nil {
			log.Print(err)
		}
	})
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.Serve(listener, router))
}
