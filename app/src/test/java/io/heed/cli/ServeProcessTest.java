package io.heed.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import io.heed.inference.TinyModel;

import static org.assertj.core.api.Assertions.assertThat;

/** The server as a process. */
@Timeout(120)
class ServeProcessTest {
    @TempDir
    private Path folder;

    @Test
    void sigtermFinishesWhatIsStreamed() throws Exception {
        Path model = TinyModel.of("llama").with("max_position_embeddings", 4096).with("eos_token_id", null)
                .write(folder.resolve("tiny"));
        HeedProcess heed = HeedProcess.start(folder, List.of("serve", "--model", model.toString(), "--port", "0"));
        try {
            finishesWhatItStreams(heed);
        } finally {
            heed.signal("KILL"); // where an assertion failed, it still serves
        }
    }

    private static void finishesWhatItStreams(HeedProcess heed) throws Exception {
        Matcher line = Pattern.compile("http://127\\.0\\.0\\.1:(\\d+)/v1").matcher(firstLine(heed));
        assertThat(line.find()).isTrue();
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + line.group(1)
                + "/v1/completions"))
                .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(
                        "{\"model\":\"tiny\",\"prompt\":\"a\",\"max_tokens\":600,\"stream\":true,"
                                + "\"temperature\":1,\"seed\":1}"))
                .build();
        try (HttpClient http = HttpClient.newHttpClient(); BufferedReader events =
                new BufferedReader(new InputStreamReader(
                http.send(request, HttpResponse.BodyHandlers.ofInputStream()).body(), StandardCharsets.UTF_8))) {
            assertThat(events.readLine()).isNotNull(); // the answer has begun
            heed.signal("TERM");
            String last = "";
            for (String next = events.readLine(); next != null; next = events.readLine()) {
                last = next.isEmpty() ? last : next;
            }
            assertThat(last).isEqualTo("data: [DONE]");
        }
        assertThat(heed.status()).as(heed.err()).isZero();
        assertThat(heed.out()).contains("stopping");
    }

    private static String firstLine(HeedProcess heed) throws IOException, InterruptedException {
        for (int i = 0; i < 1200 && !heed.out().contains("\n"); i++) {
            Thread.sleep(50);
        }
        return heed.out();
    }
}
