package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A bridge on free ports, which it keeps when it is started again. As an extension, one for the tests of a class. */
final class Bridge implements AutoCloseable, BeforeAllCallback, AfterAllCallback {
  static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final List<String> flags;
  private Process process;
  private String grpc = "127.0.0.1:0";
  private String http = "127.0.0.1:0";

  Bridge(String... flags) {
    this.flags = List.of(flags);
  }

  /** With room for what the tests publish. */
  static Bridge large() {
    return new Bridge("--http_publish", "--retention_events=100000", "--retention_bytes=64MiB", "--retry=100ms");
  }

  Bridge start() throws IOException {
    String bin = System.getenv().getOrDefault("SLUICE_BIN", Support.ROOT.resolve("build/dev/bin").toString());
    List<String> command = new ArrayList<>(List.of(Path.of(bin, "sluice-bridge").toString(), "--log_level=error"));
    command.addAll(List.of("--grpc_listen=" + grpc, "--http_listen=" + http));
    command.addAll(flags);
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    BufferedReader output = process.inputReader();
    String[] words = String.valueOf(output.readLine()).split(" ");
    assertEquals("sluice ready", words[0] + " " + words[1]);
    grpc = words[2].substring("grpc=".length());
    http = words[3].substring("http=".length());
    return this;
  }

  String grpc() {
    return grpc;
  }

  String http() {
    return http;
  }

  URI uri(String path) {
    return URI.create("http://" + http + path);
  }

  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().orTimeout(Support.DEADLINE.toSeconds(), TimeUnit.SECONDS).join();
    assertEquals(0, process.exitValue());
  }

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    start();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    close();
  }

  HttpResponse<String> request(String method, String path, String body) throws IOException, InterruptedException {
    var content = body.isEmpty() ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body);
    HttpRequest request = HttpRequest.newBuilder(uri(path)).method(method, content).build();
    return HTTP.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
  }

  /** All of a topic that has ended, without the opening. */
  String stream(String topic) throws IOException, InterruptedException {
    String history = request("GET", "/v1/topics/" + topic + "/history?last=1", "").body();
    assertTrue(history.contains("\"ended\":true"), history);
    String body = request("GET", "/v1/topics/" + topic + "/events", "").body();
    assertTrue(body.startsWith("retry: "), body);
    String opening = ": sluice\n";
    return body.substring(body.indexOf(opening) + opening.length());
  }

  List<Received> events(String topic) throws IOException, InterruptedException {
    return Received.all(stream(topic));
  }

  List<String> data(String topic) throws IOException, InterruptedException {
    return Received.data(events(topic));
  }

  /** As a reader, asks the producers of a topic to stop; waits until there is one. */
  void stop(String topic, String reason) throws Exception {
    String body = "{\"reason\":\"" + reason + "\"}";
    Support.until("a producer", () -> request("POST", "/v1/topics/" + topic + "/stop", body).statusCode() == 202);
  }
}
