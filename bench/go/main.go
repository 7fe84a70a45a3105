// Command grpcload calls one unary gRPC method again and again, each connection one call at a time.
//
// Messages are bytes that are never decoded, so that the client's own work per call is small. What it
// measured goes to standard output as JSON; the last reply goes to a file, for the caller to check.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"log"
	"math"
	"os"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const largest = 256 << 20

// raw hands bytes through unchanged.
type raw struct{}

func (raw) Marshal(message any) ([]byte, error) { return *message.(*[]byte), nil }

func (raw) Unmarshal(data []byte, message any) error {
	*message.(*[]byte) = append((*message.(*[]byte))[:0], data...)
	return nil
}

func (raw) Name() string { return "proto" }

type report struct {
	Calls   int     `json:"calls"`
	Seconds float64 `json:"seconds"`
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
	Failure string  `json:"failure"`
}

type client struct {
	took    []time.Duration
	reply   []byte
	failure error
}

func (c *client) run(address, method string, message []byte, seconds time.Duration) {
	connection, err := grpc.NewClient(
		address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithInitialWindowSize(largest),
		grpc.WithInitialConnWindowSize(largest),
		grpc.WithDefaultCallOptions(
			grpc.ForceCodec(raw{}), grpc.MaxCallRecvMsgSize(largest), grpc.MaxCallSendMsgSize(largest),
		),
	)
	if err != nil {
		c.failure = err
		return
	}
	defer connection.Close()
	until := time.Now().Add(seconds)
	for len(c.took) == 0 || time.Now().Before(until) {
		began := time.Now()
		if c.failure = connection.Invoke(context.Background(), method, &message, &c.reply); c.failure != nil {
			return
		}
		c.took = append(c.took, time.Since(began))
	}
}

func milliseconds(sorted []time.Duration, quantile float64) float64 {
	place := int(math.Ceil(quantile*float64(len(sorted)))) - 1
	return float64(sorted[max(0, place)].Nanoseconds()) / 1e6
}

func main() {
	address := flag.String("address", "", "host:port of the server")
	method := flag.String("method", "/inference.GRPCInferenceService/ModelInfer", "full name of the method")
	message := flag.String("message", "", "file with the encoded request")
	reply := flag.String("reply", "", "file for the last encoded reply")
	connections := flag.Int("connections", 1, "connections, each with one call at a time")
	seconds := flag.Duration("duration", time.Second, "how long to call; each connection calls at least once")
	flag.Parse()

	body, err := os.ReadFile(*message)
	if err != nil {
		log.Fatal(err)
	}
	clients := make([]client, *connections)
	var all sync.WaitGroup
	began := time.Now()
	for i := range clients {
		all.Go(func() { clients[i].run(*address, *method, body, *seconds) })
	}
	all.Wait()

	found := report{Seconds: time.Since(began).Seconds()}
	var took []time.Duration
	for i := range clients {
		took = append(took, clients[i].took...)
		if clients[i].failure != nil {
			found.Failure = clients[i].failure.Error()
		}
	}
	if found.Calls = len(took); found.Calls > 0 {
		slices.Sort(took)
		found.P50, found.P99 = milliseconds(took, 0.5), milliseconds(took, 0.99)
	}
	if *reply != "" {
		if err := os.WriteFile(*reply, clients[0].reply, 0o600); err != nil {
			log.Fatal(err)
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		log.Fatal(err)
	}
}
