package io.heed.inference.serve;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

import io.heed.inference.engine.EngineStatistics;

/** Counts what the server does, in Prometheus' text format. */
final class Metrics {
    private static final double[] BOUNDS = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};

    private final Map<String, LongAdder> requests = new ConcurrentSkipListMap<>();
    private final Histogram first = new Histogram();
    private final Histogram whole = new Histogram();
    private final LongAdder disconnects = new LongAdder();

    private static final class Histogram {
        private final LongAdder[] buckets = new LongAdder[BOUNDS.length + 1];
        private final LongAdder nanos = new LongAdder();

        Histogram() {
            for (int i = 0; i < buckets.length; i++) {
                buckets[i] = new LongAdder();
            }
        }

        void add(long duration) {
            double seconds = duration / 1e9;
            int i = 0;
            while (i < BOUNDS.length && seconds > BOUNDS[i]) {
                i++;
            }
            buckets[i].increment();
            nanos.add(duration);
        }

        void write(StringBuilder out, String name, String help) {
            head(out, name, "histogram", help);
            long count = 0;
            for (int i = 0; i < buckets.length; i++) {
                count += buckets[i].sum();
                String bound = i < BOUNDS.length ? String.valueOf(BOUNDS[i]) : "+Inf";
                out.append(name).append("_bucket{le=\"").append(bound).append("\"} ").append(count).append('\n');
            }
            out.append(String.format(Locale.ROOT, "%s_sum %.6f%n", name, nanos.sum() / 1e9).replace("\r", ""));
            out.append(name).append("_count ").append(count).append('\n');
        }
    }

    void request(String path, int status) {
        requests.computeIfAbsent("{path=\"" + path + "\",status=\"" + status + "\"}", _ -> new LongAdder()).increment();
    }

    void firstText(long nanos) {
        first.add(nanos);
    }

    void answered(long nanos) {
        whole.add(nanos);
    }

    void disconnected() {
        disconnects.increment();
    }

    String text(EngineStatistics engine) {
        StringBuilder out = new StringBuilder();
        head(out, "heed_requests_total", "counter", "Requests by path and status.");
        new TreeMap<>(requests).forEach((labels, count) ->
                out.append("heed_requests_total").append(labels).append(' ').append(count.sum()).append('\n'));
        one(out, "heed_disconnects_total", "counter", "Clients that went away before their answer was whole.",
                disconnects.sum());
        one(out, "heed_generations_finished_total", "counter", "Generations that ended by themselves.",
                engine.finished());
        one(out, "heed_generations_cancelled_total", "counter", "Generations cancelled or out of time.",
                engine.cancelled());
        one(out, "heed_generations_failed_total", "counter", "Generations that broke.", engine.failed());
        one(out, "heed_generations_refused_total", "counter", "Generations not taken.", engine.refused());
        one(out, "heed_generations_waiting", "gauge", "Generations in the queue.", engine.waiting());
        one(out, "heed_generations_running", "gauge", "Generations in the batch.", engine.running());
        one(out, "heed_prompt_tokens_total", "counter", "Prompt tokens computed.", engine.promptTokens());
        one(out, "heed_cached_prompt_tokens_total", "counter", "Prompt tokens found in the cache.",
                engine.cachedTokens());
        one(out, "heed_generated_tokens_total", "counter", "Tokens generated.", engine.generatedTokens());
        one(out, "heed_cache_pages", "gauge", "Pages of the key/value cache in use.", engine.pages());
        one(out, "heed_cache_page_capacity", "gauge", "Pages in the cache's budget.", engine.pageCapacity());
        one(out, "heed_cache_bytes", "gauge", "Bytes allocated for the cache.", engine.cacheBytes());
        first.write(out, "heed_first_text_seconds", "Time from a request to the first text of its answer.");
        whole.write(out, "heed_answer_seconds", "Time from a request to the end of its answer.");
        return out.toString();
    }

    private static void one(StringBuilder out, String name, String type, String help, long value) {
        head(out, name, type, help);
        out.append(name).append(' ').append(value).append('\n');
    }

    private static void head(StringBuilder out, String name, String type, String help) {
        out.append("# HELP ").append(name).append(' ').append(help).append("\n# TYPE ").append(name).append(' ')
                .append(type)
                .append('\n');
    }
}
