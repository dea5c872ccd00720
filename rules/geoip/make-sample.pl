#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Writes guan-sample.mmdb: a data base in MaxMind format for the documentation addresses of
# the sample captures. The places are made up; addresses reserved for documentation are
# nowhere. Debian: libmaxmind-db-writer-perl.
#
# usage: make-sample.pl [FILE]

use strict;
use warnings;
use utf8;
use MaxMind::DB::Writer::Tree;

my %type = (
	city => 'map', continent => 'map', country => 'map', registered_country => 'map',
	location => 'map', names => 'map',
	'zh-CN' => 'utf8_string', en => 'utf8_string', code => 'utf8_string',
	iso_code => 'utf8_string', time_zone => 'utf8_string',
	latitude => 'double', longitude => 'double', accuracy_radius => 'uint16',
	autonomous_system_number => 'uint32', autonomous_system_organization => 'utf8_string',
);

my $tree = MaxMind::DB::Writer::Tree->new(
	database_type => 'Guan-Sample-City',
	description   => { en => 'Documentation addresses of the Guan sample captures' },
	languages     => [ 'en', 'zh-CN' ],
	ip_version    => 4,
	record_size   => 24,
	remove_reserved_networks => 0,
	map_key_type_callback => sub { $type{ $_[0] } },
);

sub place
{
	my ($iso, $en, $zh, $cont, $city_en, $city_zh, $lat, $lon, $tz, $asn, $org) = @_;
	my %continent = (AS => [ 'Asia', '亚洲' ], EU => [ 'Europe', '欧洲' ],
	    NA => [ 'North America', '北美洲' ]);
	my $country = { iso_code => $iso, names => { en => $en, 'zh-CN' => $zh } };

	return {
		continent => { code => $cont, names => { en => $continent{$cont}[0],
			'zh-CN' => $continent{$cont}[1] } },
		country => $country,
		registered_country => $country,
		city => { names => { en => $city_en, 'zh-CN' => $city_zh } },
		location => { latitude => $lat, longitude => $lon, accuracy_radius => 50,
			time_zone => $tz },
		autonomous_system_number => $asn,
		autonomous_system_organization => $org,
	};
}

# Private-use AS numbers (RFC 6996).
my @china = ('CN', 'China', '中国', 'AS');
my @row = (
	[ '203.0.113.0/24', @china, 'Jianghai', '江海', 31.2304, 121.4737, 'Asia/Shanghai',
		64512, 'Jianghai Transport' ],
	[ '192.0.2.0/25', @china, 'Linjiang', '临江', 30.2741, 120.1551, 'Asia/Shanghai',
		64513, 'Sample Access Network' ],
	[ '192.0.2.128/25', @china, 'Haikou Bay', '海口湾', 29.8683, 121.5440, 'Asia/Shanghai',
		64513, 'Sample Access Network' ],
	[ '198.51.100.0/26', 'NL', 'Netherlands', '荷兰', 'EU', 'Sampledam', '样例坝', 52.3676,
		4.9041, 'Europe/Amsterdam', 64520, 'Sample Hosting' ],
	[ '198.51.100.64/26', 'US', 'United States', '美国', 'NA', 'Sampleton', '样例顿', 37.7749,
		-122.4194, 'America/Los_Angeles', 64521, 'Sample Cloud' ],
	[ '198.51.100.128/26', 'SG', 'Singapore', '新加坡', 'AS', 'Sample Point', '样例角', 1.3521,
		103.8198, 'Asia/Singapore', 64522, 'Sample Transit' ],
	[ '198.51.100.192/26', @china, 'Jianghai', '江海', 31.1000, 121.2000, 'Asia/Shanghai',
		64514, 'Sample Vehicle Network' ],
);
for my $r (@row) {
	my $net = shift @$r;
	$tree->insert_network($net, place(@$r));
}

my $file = $ARGV[0] // 'guan-sample.mmdb';
open my $out, '>:raw', $file or die "$file: $!\n";
$tree->write_tree($out);
close $out or die "$file: $!\n";
