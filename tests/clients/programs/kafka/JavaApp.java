// Kafka's own Java client as an application uses it: Admin, a producer with compression and
// headers, a group consumer that commits and resumes, transactions committed and aborted.

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public class JavaApp {
    static final String RUN = UUID.randomUUID().toString().substring(0, 8);
    static String bootstrap;

    static Properties settings(Object... pairs) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        for (int i = 0; i < pairs.length; i += 2) {
            settings.put(pairs[i], pairs[i + 1]);
        }
        return settings;
    }

    static KafkaProducer<String, String> producer(Object... pairs) {
        return new KafkaProducer<>(settings(pairs), new StringSerializer(), new StringSerializer());
    }

    static KafkaConsumer<String, String> consumer(Object... pairs) {
        Properties settings = settings(pairs);
        settings.put("auto.offset.reset", "earliest");
        settings.put("enable.auto.commit", "false");
        return new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
    }

    interface Condition {
        boolean holds() throws Exception;
    }

    static void until(Condition condition) throws Exception {
        long limit = System.nanoTime() + 30_000_000_000L;
        while (!condition.holds()) {
            if (System.nanoTime() > limit) {
                throw new IllegalStateException("not in time");
            }
            Thread.sleep(50);
        }
    }

    static String create(Admin admin, String name, int partitions) throws Exception {
        String topic = name + "-" + RUN;
        admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all().get();
        until(() -> admin.listTopics().names().get().contains(topic));
        return topic;
    }

    static String administration(Admin admin) throws Exception {
        System.out.println("# administration");
        String topic = create(admin, "java", 2);
        try {
            admin.createTopics(List.of(new NewTopic(topic, 2, (short) 1))).all().get();
        } catch (ExecutionException error) {
            System.out.println(error.getCause().getClass().getSimpleName());
        }
        admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(3))).all().get();
        until(() -> admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic)
            .partitions().size() == 3);
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        AlterConfigOp change = new AlterConfigOp(
            new ConfigEntry("max.message.bytes", "2000"), AlterConfigOp.OpType.SET);
        admin.incrementalAlterConfigs(Map.of(resource, List.of(change))).all().get();
        until(() -> admin.describeConfigs(List.of(resource)).all().get().get(resource)
            .get("max.message.bytes").value().equals("2000"));
        ConfigEntry entry = admin.describeConfigs(List.of(resource)).all().get().get(resource)
            .get("max.message.bytes");
        System.out.println(entry.value() + " " + entry.source() + " " + entry.isDefault());
        try (KafkaProducer<String, String> producer = producer()) {
            producer.send(new ProducerRecord<>(topic, 0, null, "x".repeat(3000))).get();
        } catch (ExecutionException error) {
            System.out.println(error.getCause().getClass().getSimpleName());
        }
        return topic;
    }

    static void records(String topic) throws Exception {
        System.out.println("# records");
        for (String codec : List.of("none", "gzip", "lz4", "zstd", "snappy")) {
            try (KafkaProducer<String, String> producer = producer("compression.type", codec)) {
                ProducerRecord<String, String> record =
                    new ProducerRecord<>(topic, 1, "key", codec.repeat(20));
                record.headers().add("codec", codec.getBytes());
                RecordMetadata sent = producer.send(record).get();
                System.out.println(codec + " " + sent.partition() + " " + sent.offset());
            }
        }
    }

    static List<String> take(String topic, String group, int count) {
        List<String> taken = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = consumer(
            "group.id", group, "max.poll.records", 2, "group.protocol", "classic")) {
            consumer.subscribe(List.of(topic));
            long limit = System.nanoTime() + 30_000_000_000L;
            while (taken.size() < count && System.nanoTime() < limit) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(1))) {
                    taken.add(record.offset() + ":" + record.value().substring(0, 4)
                        + ":" + record.headers().toArray().length);
                }
                consumer.commitSync();
            }
        }
        return taken;
    }

    static void group(Admin admin, String topic) throws Exception {
        System.out.println("# group");
        String group = "java-" + RUN;
        System.out.println(take(topic, group, 2) + " " + take(topic, group, 3));
        Map<TopicPartition, OffsetAndMetadata> committed =
            admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
        System.out.println(committed.get(new TopicPartition(topic, 1)).offset());
        System.out.println(admin.describeClassicGroups(List.of(group)).all().get().get(group).state());
        admin.deleteConsumerGroups(List.of(group)).all().get();
        TopicPartition partition = new TopicPartition(topic, 1);
        admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(3))).all().get();
        System.out.println(admin.listOffsets(Map.of(partition, OffsetSpec.earliest())).all().get()
            .get(partition).offset());
    }

    static void transactions(Admin admin) throws Exception {
        System.out.println("# transactions");
        String topic = create(admin, "bank", 2);
        KafkaProducer<String, String> first = producer("transactional.id", "t-" + RUN);
        first.initTransactions();
        for (int number = 0; number < 3; number++) {
            first.beginTransaction();
            first.send(new ProducerRecord<>(topic, 0, null, "debit " + number));
            first.send(new ProducerRecord<>(topic, 1, null, "credit " + number));
            first.flush();
            if (number == 1) {
                first.abortTransaction();
            } else {
                first.commitTransaction();
            }
        }
        KafkaProducer<String, String> second = producer("transactional.id", "t-" + RUN);
        second.initTransactions();
        try {
            first.beginTransaction();
            first.send(new ProducerRecord<>(topic, 0, null, "zombie"));
            first.commitTransaction();
            System.out.println("the zombie lives");
        } catch (KafkaException error) {
            System.out.println("fenced: " + error.getClass().getSimpleName());
        }
        first.close(Duration.ZERO);
        second.beginTransaction();
        second.send(new ProducerRecord<>(topic, 0, null, "after"));
        second.commitTransaction();
        second.close();
        try (KafkaConsumer<String, String> consumer = consumer("isolation.level", "read_committed")) {
            consumer.assign(List.of(new TopicPartition(topic, 0), new TopicPartition(topic, 1)));
            Set<String> seen = new TreeSet<>();
            until(() -> {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(1))) {
                    seen.add(record.partition() + " " + record.value());
                }
                return seen.size() >= 5;
            });
            System.out.println(seen);
        }
    }

    public static void main(String[] arguments) throws Exception {
        bootstrap = arguments[0];
        try (Admin admin = Admin.create(settings())) {
            String topic = administration(admin);
            records(topic);
            group(admin, topic);
            transactions(admin);
            admin.deleteTopics(List.of(topic)).all().get();
        }
        System.out.println("done");
    }
}
